//! The naive twin of what is released of survey results: every result at every point, every group counted anew each time.
//! Only for tests.

use jiff::civil::Date;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;

use super::{AGREE, DONT_KNOW, OTHER, Why};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::chronicle::people::Answers;
use crate::projections::chronicle::{Chronicle, on};
use crate::projections::history::Horizon;
use crate::projections::learning::{UnitFact, holds};
use crate::projections::releases::Point;
use crate::projections::surveys::Answered;
use crate::reports::disclosure::{survey_minimum, threshold};
use crate::reports::phrases::natural;
use crate::reports::release::Cut;

/// A result as it stands at a point.
#[derive(Clone, Copy)]
struct Asked<'v> {
    id: &'v Code,
    sequence: u64,
    answered: &'v Arc<Answered>,
}

/// A result of which as much is known as may be shown.
struct Result<'v> {
    asked: Asked<'v>,
    held_back: Option<Why>,
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

/// Whoever is left of a whole without some units, and which numbers of them follow from what is told of all these.
type Left<'v> = (&'v Code, Vec<&'v Code>, Told);

/// Everything that was released up to a point.
#[derive(Default)]
struct Cuts<'v> {
    own: BTreeMap<&'v Code, Cut>,
    /// With the point at which it was worked out last.
    left: BTreeMap<Left<'v>, (u64, Cut)>,
}

impl<'v> Cuts<'v> {
    /// What a result tells by itself at a point.
    fn own(&mut self, asked: Asked<'v>, threshold: u64) -> Told {
        let counts = asked.parts();
        let cut = match self.own.entry(asked.id) {
            Entry::Vacant(first) => first.insert(Cut::first(&counts, threshold)),
            Entry::Occupied(cut) => {
                let cut = cut.into_mut();
                cut.next(&counts, threshold);
                cut
            }
        };
        Told::by(cut)
    }

    /// What may be told of units, so that nothing that follows about whoever is left tells of few. `follows`: what does.
    fn left(
        &mut self,
        whole: Asked<'v>,
        units: &[Asked<'v>],
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
        let mut ids: Vec<_> = units.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        let (last, cut) = self
            .left
            .entry((whole.id, ids, follows))
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

impl Result<'_> {
    /// How many answered.
    fn answers(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.answers).and_then(|(own, _)| own.total())
    }

    /// How many agreed.
    fn agree(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.agree).and_then(|(own, _)| own.part(AGREE))
    }

    /// How many knew.
    fn knew(&self) -> Option<u64> {
        self.released.as_ref().filter(|(_, told)| told.knew).and_then(|(own, _)| own.sum([AGREE, OTHER]))
    }
}

/// Every result that stands as of the last of these points, by its last day of asking, then by id.
fn results<'v>(views: &'v Views, points: &[Point<'v>]) -> Vec<Result<'v>> {
    let mut cuts = Cuts::default();
    let mut at_last: Vec<(At<'v>, BTreeMap<&'v Code, Told>)> = Vec::new();
    for point in points {
        let now = (point.sequence, threshold(views, point.sequence));
        let questions = questions(views, point).into_iter();
        at_last = questions.map(|at| (at.told(&mut cuts, now), at)).map(|(told, at)| (at, told)).collect();
    }
    let mut results: Vec<Result<'v>> = Vec::new();
    for (at, told) in &at_last {
        results.extend(at.asked.iter().map(|asked| Result {
            asked: *asked,
            held_back: at.held_back.get(asked.id).copied(),
            released: cuts.own.get(asked.id).cloned().zip(told.get(asked.id).copied()),
        }));
    }
    results.sort_by_cached_key(|it| (it.asked.answered.to, natural(it.asked.id)));
    results
}

/// The results of one question in one version of a questionnaire at one point, and which of them are held back: no other
/// question tells of the answers to this one.
struct At<'v> {
    asked: Vec<Asked<'v>>,
    held_back: BTreeMap<&'v Code, Why>,
}

/// Which unit each was a part of, by day.
type Trees<'v> = BTreeMap<Date, BTreeMap<&'v Code, &'v Code>>;

/// All results at one point, by question.
fn questions<'v>(views: &'v Views, point: &Point<'_>) -> Vec<At<'v>> {
    let (horizon, minimum) = (point.horizon(), survey_minimum(views, point.sequence));
    let mut questions: BTreeMap<_, Vec<Asked<'v>>> = BTreeMap::new();
    for (id, history) in views.surveys.results.iter() {
        let Some(fact) = views.latest(history, horizon) else { continue };
        let it = &fact.fact;
        let asked = Asked { id, sequence: fact.sequence, answered: it };
        questions.entry((&it.instrument, &it.version, &it.item)).or_default().push(asked);
    }
    let mut trees = Trees::new();
    questions
        .into_values()
        .map(|asked| {
            let mut at = At { asked, held_back: BTreeMap::new() };
            at.judge(minimum, &mut |day| {
                trees.entry(day).or_insert_with(|| parts_of(views, horizon, day)).clone()
            });
            at
        })
        .collect()
}

impl<'v> At<'v> {
    fn judge(&mut self, minimum: u64, tree: &mut impl FnMut(Date) -> BTreeMap<&'v Code, &'v Code>) {
        for asked in &self.asked {
            if asked.answered.counts.is_none() || asked.answers() < minimum {
                self.held_back.insert(asked.id, Why::Few);
            }
        }
        self.hide_complements(minimum);
        self.hide_parts(tree);
        self.hide_rests(minimum);
    }

    fn is_shown(&self, asked: &Asked<'v>) -> bool {
        !self.held_back.contains_key(asked.id)
    }

    /// The results of the whole organisation that are shown and beside which that of a unit stands.
    fn wholes(&self, unit: Asked<'v>) -> Vec<Asked<'v>> {
        let mut wholes = self.asked.clone();
        wholes.retain(|whole| unit.is_beside(whole) && whole.answered.unit.is_none() && self.is_shown(whole));
        if unit.answered.unit.is_none() {
            wholes.clear();
        }
        wholes
    }

    /// The units that are shown beside a result of the whole organisation; the smallest first.
    fn units(&self, whole: Asked<'v>) -> Vec<Asked<'v>> {
        let mut units = self.asked.clone();
        units.retain(|unit| unit.answered.unit.is_some() && unit.is_beside(&whole) && self.is_shown(unit));
        units.sort_by_cached_key(|unit| (unit.answers(), natural(unit.id)));
        units
    }

    /// A unit but for which few are left of the whole.
    fn hide_complements(&mut self, minimum: u64) {
        for unit in self.asked.clone() {
            let few = |whole: Asked<'v>| (1..minimum).contains(&whole.answers().abs_diff(unit.answers()));
            if self.is_shown(&unit) && self.wholes(unit).into_iter().any(few) {
                self.held_back.insert(unit.id, Why::Beside);
            }
        }
    }

    /// A unit that is a part of one that is shown.
    fn hide_parts(&mut self, tree: &mut impl FnMut(Date) -> BTreeMap<&'v Code, &'v Code>) {
        let mut units: Vec<(Vec<&'v Code>, Asked<'v>)> = Vec::new();
        for asked in &self.asked {
            let Some(unit) = &asked.answered.unit else { continue };
            units.push((above(&tree(asked.answered.to), unit), *asked));
        }
        units.sort_by_cached_key(|(above, asked)| (above.len(), natural(asked.id)));
        for (above, asked) in &units {
            let inside = |(_, other): &(Vec<&Code>, Asked<'v>)| {
                let whole = other.answered.unit.as_ref();
                self.is_shown(other) && asked.is_beside(other) && whole.is_some_and(|it| above.contains(&it))
            };
            if self.is_shown(asked) && units.iter().any(inside) {
                self.held_back.insert(asked.id, Why::Beside);
            }
        }
    }

    /// As many units as it needs, the smallest first, until of each whole nobody is left or enough.
    fn hide_rests(&mut self, minimum: u64) {
        for whole in self.asked.clone() {
            if whole.answered.unit.is_some() || !self.is_shown(&whole) {
                continue;
            }
            loop {
                let units = self.units(whole);
                let shown: u64 = units.iter().map(Asked::answers).sum();
                let few = (1..minimum).contains(&whole.answers().saturating_sub(shown));
                let Some(smallest) = units.first().filter(|_| few) else { break };
                self.held_back.insert(smallest.id, Why::Beside);
            }
        }
    }

    /// What may be told of each result that is shown, at one point after the other.
    fn told(&self, cuts: &mut Cuts<'v>, now: (u64, u64)) -> BTreeMap<&'v Code, Told> {
        let shown = || self.asked.iter().filter(|asked| self.is_shown(asked));
        let mut told: BTreeMap<&'v Code, Told> =
            shown().map(|asked| (asked.id, cuts.own(*asked, now.1))).collect();
        for whole in shown().filter(|asked| asked.answered.unit.is_none()) {
            let Some(of_whole) = told.get(whole.id).copied() else { continue };
            let units: Vec<(Asked<'v>, Told)> = self
                .units(*whole)
                .into_iter()
                .filter_map(|unit| {
                    let own = told.get(unit.id).copied()?;
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
            let settled = |(unit, told): (Asked<'v>, Told)| (unit.id, unit.settled(told.and(of_all), now.1));
            told.extend(units.into_iter().map(settled));
        }
        told
    }
}

impl Asked<'_> {
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
}

/// Everything that a unit was a part of.
fn above<'v>(tree: &BTreeMap<&'v Code, &'v Code>, unit: &Code) -> Vec<&'v Code> {
    let (mut above, mut seen, mut next) = (Vec::new(), BTreeSet::new(), tree.get(unit));
    while let Some(whole) = next.filter(|whole| seen.insert(**whole)) {
        above.push(*whole);
        next = tree.get(*whole);
    }
    above
}

/// Which unit each was a part of on a day, by the registrations that count from the horizon.
fn parts_of(views: &Views, horizon: Horizon, day: Date) -> BTreeMap<&Code, &Code> {
    let part_of = |history| {
        views.seen(history, horizon).into_iter().rev().find_map(|fact| match &fact.fact {
            UnitFact::Registered(it) if holds(it, day) => Some(it.part_of.as_ref()),
            _ => None,
        })
    };
    views.learning.units.iter().filter_map(|(id, history)| Some((id, part_of(history)??))).collect()
}

const UNITS: [Option<&str>; 5] = [None, Some("u1"), Some("u2"), Some("u3"), Some("u4")];

/// What, which result, which unit, on which day, and some spice.
type Step = (u8, usize, usize, i32, u32);

fn day(offset: i32) -> String {
    on("2025-04-01").checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    for (number, (what, which, unit, on, spice)) in steps.iter().enumerate() {
        let (today, id) = (day(*on), format!("r{which}"));
        let (from, until) = (day(on - 20), day(on + (*spice % 15).cast_signed()));
        let [agree, other, unsure] = [spice % 61, spice / 61 % 29, spice / 1_769 % 17];
        let answers = Answers {
            version: ["1", "2"][(spice / 7 % 5 / 4) as usize],
            item: ["safe", "valued"][(spice / 11 % 2) as usize],
            unit: UNITS[*unit],
            round: spice.is_multiple_of(13).then_some("spring"),
            asked: (&from, &until),
            counts: if spice.is_multiple_of(17) { Err(30) } else { Ok([agree, other, unsure]) },
            ..Answers::default()
        };
        match what {
            0..=9 => drop(ledger.answered(&id, &today, &answers)),
            10..=13 => drop(ledger.release(&format!("p{number}"), &today)),
            14 => {
                let above = UNITS[*spice as usize % 5].filter(|above| UNITS[*unit] != Some(*above));
                ledger.unit(
                    UNITS[*unit].unwrap_or("u1"),
                    above,
                    spice.is_multiple_of(3).then_some(today.as_str()),
                );
            }
            15 => drop(ledger.survey_minimum(10 + spice % 20)),
            16 => drop(ledger.settings(5 + spice % 6)),
            17 if ledger.facts.len() > 1 => {
                let target = 1 + u64::from(*spice) % (ledger.facts.len() as u64 - 1);
                ledger.void(target, &today);
            }
            _ if ledger.facts.len() > 1 => {
                let target = 1 + u64::from(*spice) % (ledger.facts.len() as u64 - 1);
                if ledger.facts[target as usize].event.subject.kind() == crate::domain::id::Kind::SurveyResult
                {
                    ledger.correct(target, &today, Chronicle::result(&answers));
                }
            }
            _ => {}
        }
    }
    ledger.release("last", &day(400));
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn given_any_results_when_they_are_released_then_the_naive_twin_shows_the_same(
        steps in prop::collection::vec((0u8..20, 0usize..12, 0usize..5, 0i32..390, any::<u32>()), 1..60),
        as_at in 100i32..420,
        less in 0usize..12,
    ) {
        let ledger = write(&steps);
        let views = ledger.views();
        let as_known = views.size().saturating_sub(less as u64).max(1);
        let points = views.releases.points(Horizon { as_at: on(&day(as_at)), as_known });
        let naive = results(&views, &points);
        let ever = super::Results::of(&views, &points);
        let found = ever.that(|_| true);
        let found_all = ever.that(|_| true);
        prop_assert_eq!(found.len(), naive.len());
        for (found, naive) in found.iter().zip(&naive) {
            prop_assert_eq!((found.asked.id, found.asked.sequence), (naive.asked.id, naive.asked.sequence));
            prop_assert_eq!(found.held_back, naive.held_back);
            prop_assert_eq!(
                (found.answers(), found.agree(), found.knew()),
                (naive.answers(), naive.agree(), naive.knew())
            );
            let before = naive_before(found, &found_all);
            let last = ever.last_before(&found.asked, |_| true);
            prop_assert_eq!(last.map(|it| it.asked.sequence), before);
        }
    }
}

/// The last that asked the same of the same people before, by looking at each.
fn naive_before(of: &super::Result<'_>, all: &[super::Result<'_>]) -> Option<u64> {
    let earlier = all
        .iter()
        .filter(|it| it.asked.asking() == of.asked.asking() && it.asked.answered.to < of.asked.answered.to);
    earlier.max_by_key(|it| it.asked.order()).map(|it| it.asked.sequence)
}
