//! What people answered, as it was released: which results may be shown at each release point, and which of their parts.
//!
//! A result is a cut: those who agree, those who do not, those who do not know. A unit's result is shown beside the whole
//! organisation's, so whoever is left (the whole without that unit; the whole without all units of which as much is shown)
//! could be worked out by subtraction: these are cuts, too, and a number of a unit's result is given only if the same number
//! of whoever is left might be given. Of whoever is left that is judged alone which a reader could subtract: what a unit
//! holds back itself decides nothing about another.
//!
//! Invariant: of no group with fewer answers than the ledger's minimum anything is shown, nor can it be worked out from
//! what is shown of others. Must not know how it is worded.

mod ever;
#[cfg(test)]
mod naive;

use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use self::ever::{Ever, Terms};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::releases::Point;
use crate::projections::surveys::Answered;
use crate::reports::disclosure::threshold;
use crate::reports::phrases::natural;
use crate::reports::release::Cut;

/// The parts of a cut.
const AGREE: usize = 0;
const OTHER: usize = 1;
const DONT_KNOW: usize = 2;

/// A result as it stands at a point.
#[derive(Clone, Copy)]
pub(super) struct Asked<'v> {
    pub(super) id: &'v Code,
    /// The number that stands for it while a report is worked out.
    number: usize,
    pub(super) sequence: u64,
    pub(super) answered: &'v Arc<Answered>,
}

/// Why a result is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// Fewer answered than the minimum, or whoever recorded it gave no counts.
    Few,
    /// With what is shown of others it would tell of few.
    Beside,
}

/// A result of which as much is known as may be shown.
pub(super) struct Result<'v> {
    pub(super) asked: Asked<'v>,
    pub(super) held_back: Option<Why>,
    /// Its own cut, and what may be told of it. None: held back.
    released: Option<(Cut, Told)>,
}

/// Which numbers of a result may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    answers: bool,
    knew: bool,
    agree: bool,
}

impl Told {
    /// What its own cut tells.
    fn by(own: &Cut) -> Self {
        Self {
            answers: own.total().is_some(),
            knew: own.sum([AGREE, OTHER]).is_some(),
            agree: own.part(AGREE).is_some(),
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            answers: self.answers && other.answers,
            knew: self.knew && other.knew,
            agree: self.agree && other.agree,
        }
    }
}

/// Whoever is left of a whole without some units, by their numbers, and which numbers of them follow from what is told of
/// all these.
type Left = (usize, Vec<usize>, Told);

/// Everything that was released up to a point.
struct Cuts {
    /// By the number of the result.
    own: Vec<Option<Own>>,
    /// With the point at which it was worked out last.
    left: BTreeMap<Left, (u64, Cut)>,
}

impl Result<'_> {
    /// How many answered.
    pub(super) fn answers(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.answers).and_then(|(own, _)| own.total())
    }

    /// How many agreed.
    pub(super) fn agree(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.agree).and_then(|(own, _)| own.part(AGREE))
    }

    /// How many knew.
    pub(super) fn knew(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.knew).and_then(|(own, _)| own.sum([AGREE, OTHER]))
    }
}

/// Where a result stands among those of the last point: its question, and its number there.
type Place = (usize, usize);

/// What results ask the same of the same people, whatever the version: questionnaire, question, unit.
type Asking<'v> = (&'v Code, &'v Code, Option<&'v Code>);

/// Every result that stands as of the last release point, and what is released of it.
pub(super) struct Results<'v> {
    at: Vec<At<'v>>,
    own: Vec<Option<Own>>,
    /// What may be told of each at the last point, by its number.
    told: Vec<Option<Told>>,
    asking: BTreeMap<Asking<'v>, Vec<Place>>,
}

/// The cut of a result, and of what it was worked out last.
struct Own {
    cut: Cut,
    counts: [u64; 3],
    threshold: u64,
    /// The same counts left it as it was: they always will.
    is_settled: bool,
}

impl Own {
    fn next(&mut self, counts: [u64; 3], threshold: u64) {
        let is_same = self.counts == counts && self.threshold == threshold;
        if is_same && self.is_settled {
            return;
        }
        let before = self.cut.clone();
        self.cut.next(&counts, threshold);
        (self.counts, self.threshold) = (counts, threshold);
        self.is_settled = is_same && self.cut == before;
    }
}

impl Cuts {
    /// What a result tells by itself at a point.
    fn own(&mut self, asked: &Asked<'_>, threshold: u64) -> Option<Told> {
        let (counts, own) = (asked.parts(), self.own.get_mut(asked.number)?);
        if let Some(own) = own {
            own.next(counts, threshold);
        } else {
            let cut = Cut::first(&counts, threshold);
            *own = Some(Own { cut, counts, threshold, is_settled: false });
        }
        own.as_ref().map(|own| Told::by(&own.cut))
    }

    /// What may be told of units, so that nothing that follows about whoever is left tells of few. `follows`: what does.
    fn left(
        &mut self,
        whole: Asked<'_>,
        units: &[Asked<'_>],
        follows: Told,
        (point, threshold): (u64, u64),
    ) -> Told {
        let gone = |part: usize| -> u64 { units.iter().filter_map(|it| it.parts().get(part).copied()).sum() };
        let [agree, other, dont_know] =
            [AGREE, OTHER, DONT_KNOW].map(|part| whole.parts()[part].saturating_sub(gone(part)));
        // What does not follow is one number with what it cannot be told from.
        let counts = match (follows.agree, follows.knew) {
            (true, true) => vec![agree, other, dont_know],
            (true, false) => vec![agree, other + dont_know],
            (false, true) => vec![agree + other, dont_know],
            (false, false) => vec![agree + other + dont_know],
        };
        let mut numbers: Vec<usize> = units.iter().map(|it| it.number).collect();
        numbers.sort_unstable();
        let (last, cut) = self
            .left
            .entry((whole.number, numbers, follows))
            .or_insert_with(|| (point, Cut::first(&counts, threshold)));
        if *last != point {
            *last = point;
            cut.next(&counts, threshold);
        }
        let knew = if follows.agree { 0..2 } else { 0..1 };
        Told {
            answers: cut.total().is_some(),
            knew: !follows.knew || cut.sum(knew).is_some(),
            agree: !follows.agree || cut.part(0).is_some(),
        }
    }
}

impl<'v> Results<'v> {
    /// As of the last of these points.
    pub(super) fn of(views: &'v Views, points: &[Point<'v>]) -> Self {
        let ever = Ever::of(views);
        let nothing = || std::iter::repeat_with(|| None).take(ever.count());
        let mut cuts = Cuts { own: nothing().collect(), left: BTreeMap::new() };
        let (mut at, mut told) = (Vec::new(), Vec::new());
        for point in points {
            at = ever.at(views, point);
            told = vec![None; ever.count()];
            let now = (point.sequence, threshold(views, point.sequence));
            for question in &at {
                question.told(&mut cuts, now, &mut told);
            }
        }
        let own = cuts.own;
        let mut asking: BTreeMap<Asking<'v>, Vec<Place>> = BTreeMap::new();
        for (question, at) in at.iter().enumerate() {
            for (number, asked) in at.asked.iter().enumerate() {
                asking.entry(asked.asking()).or_default().push((question, number));
            }
        }
        Self { at, own, told, asking }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.asking.is_empty()
    }

    /// Those with their last day of asking where `of` says, by that day, then by id.
    pub(super) fn that(&self, of: impl Fn(Date) -> bool) -> Vec<Result<'v>> {
        let mut results = Vec::new();
        for (at, asked) in self.at.iter().flat_map(|at| at.asked.iter().map(move |asked| (at, asked))) {
            if of(asked.answered.to) {
                results.push(self.result(at, asked));
            }
        }
        results.sort_by_cached_key(|it| (it.asked.answered.to, natural(it.asked.id)));
        results
    }

    /// The last before that day that asked the same and of which `is` says so.
    pub(super) fn last_before(
        &self,
        asked: &Asked<'v>,
        is: impl Fn(&Asked<'v>) -> bool,
    ) -> Option<Result<'v>> {
        let places = self.asking.get(&asked.asking())?.iter();
        let found = places.filter_map(|(question, number)| {
            let at = self.at.get(*question)?;
            Some((at, at.asked.get(*number)?))
        });
        let earlier = found.filter(|(_, other)| other.answered.to < asked.answered.to && is(other));
        let (at, last) = earlier.max_by_key(|(_, other)| other.order())?;
        Some(self.result(at, last))
    }

    fn result(&self, at: &At<'v>, asked: &Asked<'v>) -> Result<'v> {
        let own = self.own.get(asked.number).and_then(Option::as_ref).map(|own| own.cut.clone());
        let told = self.told.get(asked.number).copied().flatten();
        Result { asked: *asked, held_back: at.why(asked), released: own.zip(told) }
    }
}

/// The results of one question in one version of a questionnaire at one point, and which of them are held back: no other
/// question tells of the answers to this one.
#[derive(Default)]
struct At<'v> {
    asked: Vec<Asked<'v>>,
    held_back: BTreeMap<usize, Why>,
}

impl<'v> At<'v> {
    fn judge(&mut self, minimum: u64, terms: &Terms<'v>) {
        for asked in &self.asked {
            if asked.answered.counts.is_none() || asked.answers() < minimum {
                self.held_back.insert(asked.number, Why::Few);
            }
        }
        let whole: Vec<Asked<'v>> = self.of_the_whole().copied().collect();
        self.hide_complements(minimum, &whole);
        self.hide_parts(terms);
        self.hide_rests(minimum, &whole);
    }

    fn of_the_whole(&self) -> impl Iterator<Item = &Asked<'v>> {
        self.asked.iter().filter(|asked| asked.answered.unit.is_none())
    }

    fn why(&self, asked: &Asked<'v>) -> Option<Why> {
        self.held_back.get(&asked.number).copied()
    }

    fn is_shown(&self, asked: &Asked<'v>) -> bool {
        !self.held_back.contains_key(&asked.number)
    }

    /// The units that are shown beside a result of the whole organisation; the smallest first.
    fn units(&self, whole: Asked<'v>) -> Vec<Asked<'v>> {
        let mut units = self.asked.clone();
        units.retain(|unit| unit.answered.unit.is_some() && unit.is_beside(&whole) && self.is_shown(unit));
        units.sort_by_cached_key(|unit| (unit.answers(), natural(unit.id)));
        units
    }

    /// A unit but for which few are left of the whole.
    fn hide_complements(&mut self, minimum: u64, whole: &[Asked<'v>]) {
        let shown: Vec<_> = whole.iter().filter(|whole| self.is_shown(whole)).collect();
        if shown.is_empty() {
            return;
        }
        for unit in self.asked.iter().filter(|asked| asked.answered.unit.is_some()) {
            let few = |whole: &Asked<'v>| (1..minimum).contains(&whole.answers().abs_diff(unit.answers()));
            if shown.iter().any(|whole| unit.is_beside(whole) && few(whole)) {
                self.held_back.entry(unit.number).or_insert(Why::Beside);
            }
        }
    }

    /// A unit that is a part of one that is shown.
    fn hide_parts(&mut self, terms: &Terms<'v>) {
        if terms.is_empty() {
            return;
        }
        let (mut parts, mut of_unit) = (Vec::new(), BTreeMap::<&Code, Vec<Asked<'v>>>::new());
        for asked in &self.asked {
            let Some(unit) = &asked.answered.unit else { continue };
            of_unit.entry(unit).or_default().push(*asked);
            let above = terms.above(unit, asked.answered.to);
            if !above.is_empty() {
                parts.push((above, *asked));
            }
        }
        parts.sort_by_cached_key(|(above, asked)| (above.len(), natural(asked.id)));
        for (above, asked) in &parts {
            let mut others = above.iter().filter_map(|whole| of_unit.get(*whole)).flatten();
            if self.is_shown(asked) && others.any(|other| self.is_shown(other) && asked.is_beside(other)) {
                self.held_back.insert(asked.number, Why::Beside);
            }
        }
    }

    /// As many units as it needs, the smallest first, until of each whole nobody is left or enough.
    fn hide_rests(&mut self, minimum: u64, whole: &[Asked<'v>]) {
        for whole in whole {
            if !self.is_shown(whole) {
                continue;
            }
            let units = self.units(*whole);
            let mut shown: u64 = units.iter().map(Asked::answers).sum();
            for smallest in units {
                if !(1..minimum).contains(&whole.answers().saturating_sub(shown)) {
                    break;
                }
                self.held_back.insert(smallest.number, Why::Beside);
                shown -= smallest.answers();
            }
        }
    }

    /// What may be told of each result that is shown, at one point after the other.
    fn told(&self, cuts: &mut Cuts, now: (u64, u64), told: &mut [Option<Told>]) {
        let shown = || self.asked.iter().filter(|asked| self.is_shown(asked));
        for asked in shown() {
            if let Some(told) = told.get_mut(asked.number) {
                *told = cuts.own(asked, now.1);
            }
        }
        for whole in shown().filter(|asked| asked.answered.unit.is_none()) {
            let Some(of_whole) = told.get(whole.number).copied().flatten() else { continue };
            let units: Vec<(Asked<'v>, Told)> = self
                .units(*whole)
                .into_iter()
                .filter_map(|unit| {
                    let own = told.get(unit.number).copied().flatten()?;
                    let alone = own.and(cuts.left(*whole, &[unit], own.and(of_whole), now));
                    Some((unit, unit.settled(alone, now.1)))
                })
                .collect();
            // Each number of all units that tell it, whatever else they tell.
            let mut may = |tells: fn(&Told) -> bool| {
                let those = units.iter().filter(|(_, told)| tells(told));
                let follows = those.clone().fold(of_whole, |follows, (_, told)| follows.and(*told));
                let those: Vec<Asked<'v>> = those.map(|(unit, _)| *unit).collect();
                tells(&cuts.left(*whole, &those, follows, now))
            };
            let of_all =
                Told { answers: may(|it| it.answers), knew: may(|it| it.knew), agree: may(|it| it.agree) };
            for (unit, own) in units {
                if let Some(told) = told.get_mut(unit.number) {
                    *told = Some(unit.settled(own.and(of_all), now.1));
                }
            }
        }
    }
}

impl<'v> Asked<'v> {
    /// What is left of what may be told. Where it is not told how many knew, those who do not agree are told as one number, and
    /// it must be as large as what a cut hides: that they are in two parts, one of them small, must not be seen.
    fn settled(&self, told: Told, threshold: u64) -> Told {
        let [_, other, dont_know] = self.parts();
        let is_few = (1..2 * threshold).contains(&(other + dont_know));
        Told { agree: told.agree && (told.knew || !is_few), ..told }
    }

    fn parts(&self) -> [u64; 3] {
        let counts = self.answered.counts;
        counts.map_or([0; 3], |it| [it.agree, it.other, it.dont_know].map(u64::from))
    }

    fn answers(&self) -> u64 {
        self.parts().iter().sum()
    }

    /// Whether both, which ask the same, ask at the same time.
    fn is_beside(&self, other: &Self) -> bool {
        let (one, two) = (self.answered, other.answered);
        (one.from <= two.to && two.from <= one.to) || (one.round.is_some() && one.round == two.round)
    }

    /// What it asks of whom, whatever the version.
    fn asking(&self) -> Asking<'v> {
        (&self.answered.instrument, &self.answered.item, self.answered.unit.as_ref())
    }

    /// By which results are told to be before or after others: the last day of asking, then the day of recording.
    pub(super) fn order(&self) -> (Date, u64) {
        (self.answered.to, self.sequence)
    }
}

/// The results of each question to the same people, the newest only, of those that lie where `of` says.
pub(super) fn newest<'r, 'v>(
    results: &'r [Result<'v>],
    of: impl Fn(&Result<'v>) -> bool,
) -> Vec<&'r Result<'v>> {
    let mut newest: Vec<&'r Result<'v>> = Vec::new();
    let mut all: Vec<_> = results.iter().filter(|it| of(it)).collect();
    all.sort_by_key(|it| Reverse(it.asked.order()));
    for result in all {
        if !newest.iter().any(|it| it.asked.asking() == result.asked.asking()) {
            newest.push(result);
        }
    }
    newest
        .sort_by_cached_key(|it| (natural(&it.asked.answered.instrument), natural(&it.asked.answered.item)));
    newest
}
