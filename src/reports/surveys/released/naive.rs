//! The naive twin of what is released of survey results: every result at every point, every group counted anew each time.
//! Only for tests.

use jiff::civil::Date;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
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
use crate::reports::release::{Cut, released};

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
    fn answers(&self) -> Option<u64> {
        self.sum(&[AGREE, OTHER, DONT_KNOW])
    }

    /// How many agreed.
    fn agree(&self) -> Option<u64> {
        self.sum(&[AGREE])
    }

    /// How many knew.
    fn knew(&self) -> Option<u64> {
        self.sum(&[AGREE, OTHER])
    }

    fn sum(&self, parts: &[usize]) -> Option<u64> {
        let (own, beside) = self.cuts.split_first()?;
        let may = beside.iter().all(|cut| cut.sum(parts.iter().copied()).is_some());
        own.sum(parts.iter().copied()).filter(|_| may)
    }
}

/// Every result that stands as of the last of these points, by its last day of asking, then by id.
fn results<'v>(views: &'v Views, points: &[Point<'v>]) -> Vec<Result<'v>> {
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

impl Asked<'_> {
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
            prop_assert_eq!(found.cuts.clone(), naive.cuts.clone());
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
