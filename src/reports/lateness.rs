//! R2: what is late, against the first date we gave?
//!
//! What its words and numbers mean: [`DEFINITION`].
//!
//! Invariant: moving, replacing, correcting, voiding, cancelling or handing over never makes lateness disappear from the
//! table; and none of these but a void ever improves a share, when it is said, on the days up to then.

mod lineage;

use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use self::lineage::{CountedAs, Inherited, Lineage, is_listed};
use super::definition::Definition;
use super::events::Events;
use super::people::{fallen_words, owner_cell};
use super::phrases::{count, count_or_no, days_after, natural, short_day};
use super::report::{Figure, Table};
use super::text::Text;
use super::{Body, Parameters};
use crate::domain::id::{Code, Kind};
use crate::projections::Views;
use crate::projections::actions::{ActionState, Standing};
use crate::projections::history::Horizon;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r2/3",
    terms: &[
        (
            "Listed",
            "Every action that was not closed (verified, cancelled or taken back) before the period begins, and \
             every action that a listed one replaces. A claim that nobody has verified is not closed.",
        ),
        (
            "First date we gave",
            "The earliest due date ever recorded for the action or for any action that it ever said it replaces, \
             directly or through others. Dates count whatever became of the plan or the move that gave them: taken \
             back, or said anew with another date. A move that was to count from before it was recorded does not.",
        ),
        (
            "Current date",
            "The action's own deadline now. A move that was to count from before it was recorded does not \
             count.",
        ),
        (
            "Late by",
            "Days from the due date to completion; of an open action to the as-at date; of a cancelled one, or of \
             one that was taken back, to the day of that; never less than none. A cancellation that was dated back \
             counts from the day on which it was recorded, unless the plan was recorded on that very day. After \
             reopening, the action is open, and the clock runs from the dates that were given.",
        ),
        (
            "Counted",
            "In the shares each piece of work is counted once. An action that was replaced is not counted: its \
             replacement, or the one that replaced that, stands for it and inherits its first date and its moves. \
             Where the last replacement was cancelled, it is counted together with what it replaced, and the work is \
             late, open or moved if any of these is. Actions that were taken back are listed and not counted. \
             Cancelled actions stay counted: cancelling never improves a rate.",
        ),
        (
            "Times moved",
            "How often the deadline was moved in a way that counts, of the action and of those that it replaces.",
        ),
        (
            "Recorded after",
            "Days from the day of completion to the day on which the ledger learned of the completion. Correcting \
             the completion later does not change the day on which the ledger learned of it.",
        ),
        (
            "Owner",
            "The post that answers for the action at the as-at date: the one that its plan names, or the last \
             that took over since.",
        ),
    ],
};

/// At most so many actions are listed: a longer table is read by nobody, and costs more than all the rest of the report.
const ROWS: usize = 1_000;

/// One action as the report sees it.
struct Item<'v> {
    standing: Standing<'v>,
    /// How far it has come: asked for so often that it stands here, too.
    state: ActionState,
    /// How often its deadline, and those of what it replaces, were moved in a way that counts.
    moved: u32,
    inherited: Inherited,
    against_first: Lateness,
    against_current: Lateness,
    /// The action that replaces it, and whether that one stands for it.
    replaced_by: Option<(&'v Code, bool)>,
    counted: CountedAs<'v>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lateness {
    Late(u64),
    OnTime,
    NotDueYet,
    /// Cancelled before it was due, or taken back.
    None,
}

impl Lateness {
    const fn days(self) -> u64 {
        match self {
            Self::Late(days) => days,
            _ => 0,
        }
    }
}

impl Item<'_> {
    /// The events from which its first date follows, and how it stands.
    fn behind(&self) -> impl Iterator<Item = u64> {
        let (_, by) = self.standing.earliest_due;
        self.standing.events.iter().chain(&self.inherited.events).copied().chain([by])
    }
}

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let items = items(views, parameters);
    let title = if items.len() > ROWS {
        format!("The {ROWS} actions that are late the longest, of {}", items.len())
    } else {
        "Actions, the longest late first".to_owned()
    };
    let mut table = Table::new(
        "r2.actions",
        &title,
        "No action is open, and none was closed in the period.",
        &[
            ("action", "Action"),
            ("state", "State"),
            ("late_first", "Against the first date"),
            ("first_due", "First date we gave"),
            ("owner", "Owner"),
            ("late_current", "Against the current date"),
            ("current_due", "Current date"),
            ("moved", "Times moved"),
            ("lag", "Recorded after"),
        ],
    );
    for item in shown(&items) {
        table.push(Kind::Action.subject(item.standing.id), row(views, parameters, item));
    }
    Body { figures: figures(views, parameters, &items), tables: vec![table], notes: notes(items.len()) }
}

/// The listed actions, in no order that means anything.
fn items<'v>(views: &'v Views, parameters: &Parameters) -> Vec<Item<'v>> {
    let (horizon, period_begins) = (parameters.horizon(), parameters.period.first_day());
    let (mut items, mut bound) = (Vec::new(), Vec::new());
    let item = |standing: Standing<'v>, inherited: Inherited, replaced_by, counted| Item {
        against_first: lateness(&standing, inherited.first, parameters.as_at),
        against_current: lateness(&standing, standing.current_due, parameters.as_at),
        state: standing.state,
        moved: standing.moved + inherited.moved,
        standing,
        inherited,
        replaced_by,
        counted,
    };
    for (standing, is_bound) in views.actions.awake(views, horizon, period_begins) {
        if is_bound {
            bound.push(standing);
        } else if is_listed(&standing, period_begins) {
            let counted =
                if standing.state == ActionState::Voided { CountedAs::Nothing } else { CountedAs::Itself };
            let inherited = Inherited::nothing(&standing);
            items.push(item(standing, inherited, None, counted));
        }
    }
    let lineage = Lineage::of(family(views, horizon, bound));
    let listed = lineage.listed(period_begins);
    let told: Vec<_> = listed
        .iter()
        .map(|id| (*id, lineage.inherited(id), lineage.replacement(id), lineage.counted_as(id, &listed)))
        .collect();
    let mut standings = lineage.into_standings();
    for (id, inherited, replaced_by, counted) in told {
        if let (Some(standing), Some(inherited)) = (standings.remove(id), inherited) {
            items.push(item(standing, inherited, replaced_by, counted));
        }
    }
    items
}

/// Those that have a row, in order: the latest against the first date first, then by first date, then by id. Only these
/// are put in order by name, which costs more than by numbers.
fn shown<'a, 'v>(items: &'a [Item<'v>]) -> Vec<&'a Item<'v>> {
    let late = |item: &Item<'_>| (Reverse(item.against_first.days()), item.inherited.first);
    let mut lates: Vec<_> = items.iter().map(late).collect();
    let last = (lates.len() > ROWS).then(|| *lates.select_nth_unstable(ROWS - 1).1);
    let is_shown = |item: &&Item<'v>| last.is_none_or(|last| late(item) <= last);
    let mut shown: Vec<&Item<'v>> = items.iter().filter(is_shown).collect();
    shown.sort_by_cached_key(|item| (late(item), natural(item.standing.id)));
    shown.truncate(ROWS);
    shown
}

/// Actions, those that they replace or that replace them, and so on.
fn family<'v>(
    views: &'v Views,
    horizon: Horizon,
    mut next: Vec<Standing<'v>>,
) -> BTreeMap<&'v Code, Standing<'v>> {
    let mut family: BTreeMap<&'v Code, Standing<'v>> = BTreeMap::new();
    while let Some(standing) = next.pop() {
        let id = standing.id;
        let related = standing.replaces().into_iter().chain(views.actions.replacements(id));
        let unknown: Vec<&Code> = related.filter(|id| !family.contains_key(id)).collect();
        if family.insert(id, standing).is_none() {
            next.extend(unknown.into_iter().filter_map(|id| views.actions.standing(views, id, horizon)));
        }
    }
    family
}

fn lateness(standing: &Standing<'_>, due: Date, as_at: Date) -> Lateness {
    let done = standing.completion.map(|completion| completion.on);
    // Who looks back to a day before it was cancelled or taken back on record finds it open on that day.
    let stopped = standing.closed_on.max(standing.cancelled_late).map(|day| day.min(as_at));
    let (until, in_time) = match standing.state {
        ActionState::Planned | ActionState::InProgress => (Some(as_at), Lateness::NotDueYet),
        ActionState::Claimed | ActionState::Verified => (done, Lateness::OnTime),
        ActionState::Cancelled | ActionState::Voided => (stopped, Lateness::None),
    };
    match until.map_or(0, |until| days_after(due, until)) {
        0 => in_time,
        days => Lateness::Late(days),
    }
}

fn row(views: &Views, parameters: &Parameters, item: &Item<'_>) -> Vec<Figure> {
    let standing = &item.standing;
    let events = Events::of(standing.events.iter().copied());
    let behind = Events::of(item.behind());
    // Mostly the same: then one list serves all.
    let behind = if behind == events { events.clone() } else { behind };
    let lag = standing.completion.map_or_else(
        || Figure::not_applicable("Not done"),
        |completion| {
            let lag = days_after(completion.on, completion.recorded_on);
            let text = if lag == 0 { Text::said("Same day") } else { count(lag, "day", "days") };
            Figure::number(lag, "days", text).from_events([completion.sequence])
        },
    );
    vec![
        Figure::words(standing.plan.title.as_str()).from_events([standing.planned]),
        Figure::words(state_words(views, parameters, item)).sharing(&events),
        late_cell(item, item.against_first).sharing(&behind),
        Figure::words(short_day(item.inherited.first)).sharing(&behind),
        owner_cell(views, parameters.horizon(), &standing.owner()),
        late_cell(item, item.against_current).sharing(&events),
        Figure::words(short_day(standing.current_due)).sharing(&events),
        Figure::number(u64::from(item.moved), "times", moved_words(item)).sharing(&behind),
        lag,
    ]
}

/// `Never`; `2`; `3 (2 of them of what it replaces), and 1 backdated (ignored)`.
fn moved_words(item: &Item<'_>) -> Text {
    let (all, inherited) = (item.moved, item.inherited.moved);
    let words = match (all, inherited, item.standing.ignored_moves) {
        (0, _, 0) => Text::said("Never"),
        (_, 0, _) => Text::from(format_args!("{all}")),
        _ => Text::from(format_args!("{all} ({inherited} of them of what it replaces)")),
    };
    match item.standing.ignored_moves {
        0 => words,
        ignored => Text::from(format_args!("{words}, and {ignored} backdated (ignored)")),
    }
}

fn state_words(views: &Views, parameters: &Parameters, item: &Item<'_>) -> Text {
    let standing = &item.standing;
    let done = standing.completion.map(|completion| short_day(completion.on)).unwrap_or_default();
    let closed = standing.closed_on.map(short_day).unwrap_or_default();
    let mut words = match standing.state {
        ActionState::Planned => Text::said("Not started"),
        ActionState::InProgress if standing.reopened => Text::said("Reopened"),
        ActionState::InProgress => Text::said("In progress"),
        ActionState::Claimed => Text::from(format_args!("Claimed done {done}, not verified")),
        ActionState::Verified => {
            let fallen = views.commitments.fallen(views, standing.evidence(), parameters.horizon());
            let fallen = fallen_words(fallen, standing.evidence().len() as u64);
            Text::from(format_args!("Done {done}, verified{fallen}"))
        }
        ActionState::Cancelled => match standing.cancelled_late {
            Some(recorded) => {
                Text::from(format_args!("Cancelled {closed} (recorded {})", short_day(recorded)))
            }
            None => Text::from(format_args!("Cancelled {closed}")),
        },
        ActionState::Voided => Text::from(format_args!("Taken back {closed}")),
    };
    match item.replaced_by {
        Some((by, true)) => words = format!("{words}; replaced by {by}").into(),
        Some((by, false)) => words = format!("{words}; replaced by {by}, which was cancelled").into(),
        None => {}
    }
    for replaced in standing.replaces() {
        let still = standing.plan.replaces.as_ref() == Some(replaced);
        let how = if still { "replaces" } else { "was first said to replace" };
        words = format!("{words}; {how} {replaced}").into();
    }
    words
}

fn late_cell(item: &Item<'_>, lateness: Lateness) -> Figure {
    match (lateness, item.state) {
        (Lateness::Late(days), state) => {
            let when = match state {
                ActionState::Cancelled => " when cancelled",
                ActionState::Voided => " when taken back",
                _ => "",
            };
            let days_late = count(days, "day", "days");
            Figure::number(days, "days", format_args!("Late by {days_late}{when}"))
        }
        (Lateness::OnTime, _) => Figure::number(0, "days", "On time"),
        (Lateness::NotDueYet, _) => Figure::not_applicable("Not due yet"),
        (Lateness::None, ActionState::Voided) => Figure::not_applicable("Taken back before it was late"),
        (Lateness::None, _) => Figure::not_applicable("Cancelled before it was due"),
    }
}

fn figures(views: &Views, parameters: &Parameters, items: &[Item<'_>]) -> Vec<Figure> {
    let recorded = views.actions.any(views, parameters.horizon());
    let whole = items.iter().filter(|item| item.counted == CountedAs::Itself).count() as u64;
    let share = |id: &str, label: &str, one: &str, many: &str, test: &dyn Fn(&Item<'_>) -> bool| {
        let part: Vec<_> =
            items.iter().filter(|item| item.counted != CountedAs::Nothing && test(item)).collect();
        // A replacement that was cancelled is counted together with what it replaced: any of them is enough.
        let others: BTreeSet<&Code> = part.iter().filter_map(|item| item.counted.other()).collect();
        let passes = |item: &&Item<'_>| test(item) || others.contains(item.standing.id);
        let counted = items.iter().filter(|item| item.counted == CountedAs::Itself);
        let (n, of) = (counted.filter(passes).count() as u64, whole);
        let figure = match (recorded, of) {
            (false, _) => Figure::not_available(SILENCE),
            (true, 0) => Figure::not_applicable("No action is open, and none was closed in the period."),
            _ => {
                let text =
                    format!("{n} of {} {}.", count(of, "action", "actions"), if n == 1 { one } else { many });
                Figure::share(n, of, "actions", text).sharing(&events(&part, true))
            }
        };
        figure.named(id, label)
    };
    let late_first = |item: &Item<'_>| item.against_first.days() > 0;
    let late_current = |item: &Item<'_>| item.against_current.days() > 0;
    let open_and_late = |item: &Item<'_>| late_first(item) && item.state.is_open();
    let moved = |item: &Item<'_>| item.moved > 0;
    let mut figures = vec![
        share(
            "r2.late_against_first_due",
            "Late against the first date we gave",
            "is late against the first date we gave",
            "are late against the first date we gave",
            &late_first,
        ),
        share(
            "r2.late_against_current_due",
            "Late against the current date",
            "is late against the date as it stands now",
            "are late against the date as it stands now",
            &late_current,
        ),
        share(
            "r2.open_and_late",
            "Open and late",
            "is still open and late against the first date we gave",
            "are still open and late against the first date we gave",
            &open_and_late,
        ),
        share(
            "r2.moved",
            "Deadline moved",
            "had its deadline moved at least once",
            "had their deadline moved at least once",
            &moved,
        ),
    ];
    for (id, label, one, many, states) in BY_STATE {
        let part: Vec<_> = items.iter().filter(|item| states.contains(&item.state)).collect();
        let n = part.len() as u64;
        let figure = if recorded {
            let text =
                format!("{} {}.", count_or_no(n, "action", "actions"), if n == 1 { one } else { many });
            Figure::number(n, "actions", text).sharing(&events(&part, false))
        } else {
            Figure::not_available(SILENCE)
        };
        figures.push(figure.named(id, label));
    }
    figures
}

/// The events from which it follows how these stand; and, if asked for, what their first dates are.
fn events(items: &[&Item<'_>], with_first_dates: bool) -> Events {
    let mut events = Vec::with_capacity(8 * items.len());
    for item in items {
        events.extend_from_slice(&item.standing.events);
        if with_first_dates {
            events.extend_from_slice(&item.inherited.events);
            events.push(item.standing.earliest_due.1);
        }
    }
    Events::of_many(events)
}

/// The figures that count rows by their state: id, label, what one or many are, the states.
const BY_STATE: [(&str, &str, &str, &str, &[ActionState]); 5] = [
    ("r2.open", "Open", "is open", "are open", &[ActionState::Planned, ActionState::InProgress]),
    (
        "r2.claimed",
        "Claimed",
        "is claimed to be done and not verified",
        "are claimed to be done and not verified",
        &[ActionState::Claimed],
    ),
    ("r2.verified", "Verified", "is done and verified", "are done and verified", &[ActionState::Verified]),
    ("r2.cancelled", "Cancelled", "was cancelled", "were cancelled", &[ActionState::Cancelled]),
    (
        "r2.voided",
        "Taken back",
        "was taken back as recorded in error",
        "were taken back as recorded in error",
        &[ActionState::Voided],
    ),
];

const SILENCE: &str = "No action is recorded, so nothing can be said about lateness.";

fn notes(listed: usize) -> Vec<String> {
    let mut notes = [
        "\"Late\" includes actions that were finished late, or were already late when they were cancelled.",
        "The first date is the earliest due date ever recorded for an action or for any action that it replaces. \
         Moving or correcting a deadline, replacing or cancelling an action, or handing it to another owner does not \
         clear \"late\".",
        "The owner is the post that answers for the action at the as-at date, whoever answered for it when it became late.",
        "An open action counts up to the as-at date; a finished one up to the day on which it was done. After reopening, \
         the clock runs from the dates that were given before.",
        "A move of a deadline that was to count from before it was recorded is ignored.",
        "Actions that were taken back, and actions that were replaced, are listed; in the shares each piece of work is \
         counted once, as its replacement. If the replacement was cancelled, the work is late if any of its actions is.",
        "A cancellation that was dated back counts from the day on which it was recorded.",
        "Actions that were closed before the period began are left out, unless a listed action replaces them.",
        "\"Recorded after\" is the number of days from the day of completion to the day on which the ledger learned of it.",
    ]
    .map(str::to_owned)
    .to_vec();
    if listed > ROWS {
        notes.push(format!(
            "Of {listed} actions the {ROWS} that are late the longest are listed. The figures count all of them, and name the \
             events behind each."
        ));
    }
    notes
}
