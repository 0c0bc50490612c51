//! What people answered, as it was released: which results may be shown at each release point, and which of their parts.
//!
//! A result is a cut: those who agree, those who do not, those who do not know. A unit's result is shown beside the whole
//! organisation's, so whoever is left (the whole without that unit; the whole without all units that are shown) could be
//! worked out by subtraction: these are cuts, too, and a part of a unit's result is given only if the same part of all of
//! them might be given.
//!
//! Invariant: of no group with fewer answers than the ledger's minimum anything is shown, nor can it be worked out from
//! what is shown of others. Must not know how it is worded.

use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::releases::Point;
use crate::projections::surveys::Answered;
use crate::reports::disclosure::{survey_minimum, threshold};
use crate::reports::phrases::natural;
use crate::reports::release::{Cut, released};

/// The parts of a cut.
const AGREE: usize = 0;
const OTHER: usize = 1;
const DONT_KNOW: usize = 2;

/// A result as it stands at a point.
#[derive(Clone, Copy)]
pub(super) struct Asked<'v> {
    pub(super) id: &'v Code,
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
    /// Its own cut; and those of whoever is left beside it. Empty: held back.
    cuts: Vec<Cut>,
}

/// Which groups a cut is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of<'v> {
    Own(&'v Code),
    /// The whole without a unit.
    Without {
        whole: &'v Code,
        unit: &'v Code,
    },
    /// The whole without all units that are shown. Named after them: whoever is left beside others is another group.
    Rest {
        whole: &'v Code,
        units: Vec<&'v Code>,
    },
}

impl Result<'_> {
    /// How many answered.
    pub(super) fn answers(&self) -> Option<u64> {
        self.sum(&[AGREE, OTHER, DONT_KNOW])
    }

    /// How many agreed.
    pub(super) fn agree(&self) -> Option<u64> {
        self.sum(&[AGREE])
    }

    /// How many knew.
    pub(super) fn knew(&self) -> Option<u64> {
        self.sum(&[AGREE, OTHER])
    }

    fn sum(&self, parts: &[usize]) -> Option<u64> {
        let (own, beside) = self.cuts.split_first()?;
        let may = beside.iter().all(|cut| cut.sum(parts.iter().copied()).is_some());
        own.sum(parts.iter().copied()).filter(|_| may)
    }
}

/// Every result that stands as of the last of these points, by its last day of asking, then by id.
pub(super) fn results<'v>(views: &'v Views, points: &[Point<'v>]) -> Vec<Result<'v>> {
    let cuts = released(
        points,
        |point| threshold(views, point.sequence),
        |point| questions(views, point).iter().flat_map(At::parts).collect(),
    );
    let questions = points.last().map(|point| questions(views, point)).unwrap_or_default();
    let mut results: Vec<Result<'v>> = Vec::new();
    for (at, asked) in questions.iter().flat_map(|at| at.asked.iter().map(move |asked| (at, asked))) {
        let held_back = at.held_back.get(asked.id).copied();
        let mut names: Vec<Of<'v>> = Vec::new();
        if held_back.is_none() {
            names.push(Of::Own(asked.id));
            for whole in at.wholes(*asked) {
                names.push(Of::Without { whole: whole.id, unit: asked.id });
                names.push(at.rest(whole));
            }
        }
        let cuts = names.iter().filter_map(|name| cuts.get(name).cloned()).collect();
        results.push(Result { asked: *asked, held_back, cuts });
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
                trees.entry(day).or_insert_with(|| views.learning.parts_of(views, horizon, day)).clone()
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

    fn rest(&self, whole: Asked<'v>) -> Of<'v> {
        let mut units: Vec<_> = self.units(whole).into_iter().map(|unit| unit.id).collect();
        units.sort_unstable();
        Of::Rest { whole: whole.id, units }
    }

    fn parts(&self) -> Vec<(Of<'v>, Vec<u64>)> {
        let mut parts = Vec::new();
        for asked in self.asked.iter().filter(|asked| self.is_shown(asked)) {
            parts.push((Of::Own(asked.id), asked.parts().into()));
            if asked.answered.unit.is_some() {
                continue;
            }
            let units = self.units(*asked);
            let without = |units: &[Asked<'v>]| {
                let gone = |part: usize| -> u64 {
                    units.iter().filter_map(|it| it.parts().get(part).copied()).sum()
                };
                let left = asked.parts().into_iter().enumerate();
                left.map(|(part, count)| count.saturating_sub(gone(part))).collect::<Vec<_>>()
            };
            for unit in &units {
                parts.push((Of::Without { whole: asked.id, unit: unit.id }, without(&[*unit])));
            }
            parts.push((self.rest(*asked), without(&units)));
        }
        parts
    }
}

impl<'v> Asked<'v> {
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

    /// Whether it asks the same of the same people, whatever the version.
    pub(super) fn asks_as(&self, other: &Self) -> bool {
        let question = |it: &'v Answered| (&it.instrument, &it.item, &it.unit);
        question(self.answered) == question(other.answered)
    }

    /// By which results are told to be before or after others: the last day of asking, then the day of recording.
    pub(super) fn order(&self) -> (Date, u64) {
        (self.answered.to, self.sequence)
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

/// The results of each question to the same people, the newest only, of those that lie where `of` says.
pub(super) fn newest<'r, 'v>(
    results: &'r [Result<'v>],
    of: impl Fn(&Result<'v>) -> bool,
) -> Vec<&'r Result<'v>> {
    let mut newest: Vec<&'r Result<'v>> = Vec::new();
    let mut all: Vec<_> = results.iter().filter(|it| of(it)).collect();
    all.sort_by_key(|it| Reverse(it.asked.order()));
    for result in all {
        if !newest.iter().any(|it| it.asked.asks_as(&result.asked)) {
            newest.push(result);
        }
    }
    newest
        .sort_by_cached_key(|it| (natural(&it.asked.answered.instrument), natural(&it.asked.answered.item)));
    newest
}
