//! How many people have learned, by unit and level, as it was released: the stock of R6.
//!
//! Each unit has three cuts by level: staff, the leaders among them, and the others (staff without leaders). Staff and
//! leaders are shown, so the others could be worked out by subtraction: a number of leaders is given only if the same
//! number of the others might be given, too. Then whatever follows from what is shown is a sum that the cuts allow.
//!
//! Invariant: no two units that are shown are a part of one another. A sum over units is a sum of numbers that are shown.
//! Must not know how it is worded.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::Coverage as Levels;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::learning::Unit;
use crate::projections::releases::Point;
use crate::reports::disclosure::threshold;
use crate::reports::phrases::natural;
use crate::reports::release::{Cut, released};

/// The levels, from the first on.
pub(super) const LEVELS: [&str; 4] = ["informed", "skilled", "enhanced", "specialist"];
/// With those who have reached none.
const PARTS: usize = LEVELS.len() + 1;

/// Of whom is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Staff,
    Leaders,
}

impl Who {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Staff => "Staff",
            Self::Leaders => "Leaders",
        }
    }
}

/// Which people a cut divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Staff,
    Leaders,
    /// Staff who are not leaders.
    Others,
    /// Leaders and others, by the workforce baseline.
    Baseline,
}

/// A unit that is shown.
pub(super) struct Shown<'v> {
    pub(super) unit: Unit<'v>,
    staff: Cut,
    leaders: Cut,
    others: Cut,
    baseline: Option<Cut>,
}

impl Shown<'_> {
    /// How many have reached at least a level: 1 is the first, 0 is all who were counted. None: held back. What was
    /// released as none may be a few by now at each level, and is not said to be none.
    pub(super) fn at_least(&self, who: Who, level: usize) -> Option<u64> {
        let people = match who {
            Who::Staff => self.staff.sum(level..PARTS),
            Who::Leaders => {
                self.leaders.sum(level..PARTS).filter(|_| self.others.sum(level..PARTS).is_some())
            }
        };
        people.filter(|people| *people > 0 || level == 0 || self.at_least(who, 0) == Some(0))
    }

    /// How many were counted, and how many the workforce baseline has. None: there is none, or one is held back.
    pub(super) fn beside_baseline(&self, who: Who) -> Option<(u64, u64)> {
        self.at_least(who, 0).zip(self.baseline(who))
    }

    fn baseline(&self, who: Who) -> Option<u64> {
        let cut = self.baseline.as_ref()?;
        match who {
            Who::Staff => cut.total(),
            Who::Leaders => cut.part(0),
        }
    }
}

/// Why a unit with a coverage is not shown.
pub(super) enum Why<'v> {
    /// It is a part of that one, which is shown.
    PartOf(&'v str),
    /// That one, a part of it, is shown.
    Holds(&'v str),
    /// Nobody counted.
    NotCounted,
}

/// The units, shown and not.
pub(super) struct Coverage<'v> {
    pub(super) shown: Vec<Shown<'v>>,
    pub(super) not_shown: Vec<(Unit<'v>, Why<'v>)>,
}

impl Coverage<'_> {
    /// In all units that are shown: how many have reached at least a level. None: in one of them it is held back.
    pub(super) fn all(&self, who: Who, level: usize) -> Option<u64> {
        self.shown.iter().map(|unit| unit.at_least(who, level)).sum()
    }

    /// The events that count who has learned, in the units that are shown.
    pub(super) fn events(&self) -> impl Iterator<Item = u64> {
        self.shown.iter().filter_map(|it| it.unit.coverage).map(|(_, sequence, _)| sequence)
    }
}

/// The coverage as of the last of these points.
pub(super) fn coverage<'v>(views: &'v Views, points: &[Point<'v>]) -> Coverage<'v> {
    let mut chosen = BTreeSet::new();
    let mut cuts = released(
        points,
        |point| threshold(views, point.sequence),
        |point| {
            let units = views.learning.units(views, point.horizon());
            chosen = choose(&units, &chosen);
            units.iter().filter(|unit| chosen.contains(unit.id)).flat_map(parts).collect()
        },
    );
    let units = points.last().map(|point| views.learning.units(views, point.horizon())).unwrap_or_default();
    let wholes = wholes(&units);
    let titles: BTreeMap<&Code, &'v str> = units.iter().map(|unit| (unit.id, unit.title)).collect();
    let title = |id: &Code| titles.get(id).copied().unwrap_or_default();
    let mut coverage = Coverage { shown: Vec::new(), not_shown: Vec::new() };
    let mut units = units;
    units.sort_by_cached_key(|unit| natural(unit.id));
    for unit in units {
        let mut cut = |of| cuts.remove(&(unit.id, of));
        if let (true, Some(staff), Some(leaders), Some(others)) =
            (chosen.contains(unit.id), cut(Of::Staff), cut(Of::Leaders), cut(Of::Others))
        {
            let baseline = cut(Of::Baseline).filter(|_| unit.baseline.is_some());
            coverage.shown.push(Shown { unit, staff, leaders, others, baseline });
            continue;
        }
        let above = ancestors(&wholes, unit.id).into_iter().find(|id| chosen.contains(id));
        let below = || chosen.iter().find(|id| ancestors(&wholes, id).contains(&unit.id));
        let why = match (&unit.coverage, above) {
            (None, _) => Why::NotCounted,
            (Some(_), Some(above)) => Why::PartOf(title(above)),
            (Some(_), None) => Why::Holds(below().map_or("", |id| title(id))),
        };
        coverage.not_shown.push((unit, why));
    }
    coverage
}

/// The cuts of a unit: exclusive parts, from those who have reached no level on.
fn parts<'v>(unit: &Unit<'v>) -> Vec<((&'v Code, Of), Vec<u64>)> {
    let Some((_, _, counted)) = unit.coverage else { return Vec::new() };
    let (staff, leaders) = (exclusive(&counted.staff), exclusive(&counted.leaders));
    let others = staff.iter().zip(&leaders).map(|(all, among)| all.saturating_sub(*among)).collect();
    let mut parts = vec![
        ((unit.id, Of::Staff), staff.into()),
        ((unit.id, Of::Leaders), leaders.into()),
        ((unit.id, Of::Others), others),
    ];
    if let Some((_, _, baseline)) = unit.baseline {
        let (people, leaders) = (u64::from(baseline.people), u64::from(baseline.leaders));
        parts.push(((unit.id, Of::Baseline), vec![leaders, people.saturating_sub(leaders)]));
    }
    parts
}

fn exclusive(levels: &Levels) -> [u64; PARTS] {
    let at_least = [levels.people, levels.informed, levels.skilled, levels.enhanced, levels.specialist, 0];
    let mut exclusive = [0; PARTS];
    for (part, pair) in exclusive.iter_mut().zip(at_least.windows(2)) {
        if let [wider, deeper] = pair {
            *part = u64::from(wider.saturating_sub(*deeper));
        }
    }
    exclusive
}

/// Which unit each is a part of, of those that exist.
fn wholes<'v>(units: &[Unit<'v>]) -> BTreeMap<&'v Code, &'v Code> {
    units.iter().filter_map(|unit| Some((unit.id, unit.part_of?))).collect()
}

/// Everything that a unit is a part of, the nearest first.
fn ancestors<'v>(wholes: &BTreeMap<&'v Code, &'v Code>, id: &Code) -> Vec<&'v Code> {
    let (mut above, mut next) = (Vec::new(), wholes.get(id));
    while let Some(whole) = next.filter(|whole| !above.contains(*whole)) {
        above.push(*whole);
        next = wholes.get(*whole);
    }
    above
}

/// Which of the units that were counted are shown: first those that were shown at the point before; then the whole before
/// its parts; and none that is a part of one that is shown, or has it as a part.
fn choose<'v>(units: &[Unit<'v>], before: &BTreeSet<&'v Code>) -> BTreeSet<&'v Code> {
    let wholes = wholes(units);
    let mut counted: Vec<&'v Code> =
        units.iter().filter(|unit| unit.coverage.is_some()).map(|unit| unit.id).collect();
    counted.sort_by_cached_key(|id| (!before.contains(id), ancestors(&wholes, id).len(), natural(id)));
    let (mut chosen, mut above_chosen): (BTreeSet<&'v Code>, BTreeSet<&'v Code>) = Default::default();
    for id in counted {
        let above = ancestors(&wholes, id);
        if !above_chosen.contains(id) && !above.iter().any(|whole| chosen.contains(whole)) {
            chosen.insert(id);
            above_chosen.extend(above);
        }
    }
    chosen
}
