//! R1: are we keeping each line of the pledge?
//!
//! What its words and numbers mean: [`DEFINITION`].
//!
//! Invariant: there is no score, and no word here says that a commitment is kept: only a review may say that.

mod cells;
mod lines;

use jiff::civil::Date;
use std::collections::BTreeMap;

use self::cells::{About, latest_review, outcome_words};
use self::lines::{Ending, Line, lines};
use super::definition::Definition;
use super::disclosure::threshold;
use super::people::owner_cell;
use super::phrases::{count, natural};
use super::report::{Figure, Table};
use super::{Body, Parameters, Period};
use crate::domain::event::ReviewOutcome;
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::Standing;
use crate::projections::history::Horizon;
use crate::projections::measures::Measured;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r1/4",
    terms: &[
        (
            "Evidence of activity",
            "Every event that names the commitment: an action planned, a measure agreed, feedback sought, a \
             policy change proposed, learning offered, practice support, an awareness activity, people told \
             where to find help, a survey result; and every piece of evidence that is attached to the \
             commitment or to what such an event is about. What was taken back, evidence that came through it, \
             and evidence that was rejected or withdrawn by the as-at date do not count.",
        ),
        (
            "Last evidence",
            "The latest day on which a piece of evidence of activity occurred. Its age is counted in days up to \
             the as-at date.",
        ),
        (
            "Actions open, claimed, verified",
            "The actions that name the commitment, by where they stood at the as-at date, in whatever year they \
             were planned; verified in the period.",
        ),
        (
            "Stands",
            "A commitment stands unless its making was taken back, or it ended: by an event of its own \
             (fulfilled, merged, superseded, withdrawn), or because the latest version of its pledge that \
             speaks of it superseded or withdrew it; whichever came first is told. One that does not stand \
             stays listed and is not counted.",
        ),
        (
            "Reviewed for the period",
            "A review tells of at least one day of the period. Of several the one that tells of the latest time \
             counts, and of those the last that was made.",
        ),
        (
            "Target",
            "The target that is agreed now, and beside it the first that was ever recorded for the measure. Of a measure \
             that is a share of a whole it is in per cent.",
        ),
        (
            "Latest value",
            "The value of the latest time that was reported of. A percentage is worked out from numerator and \
             denominator, to a tenth, half rounded up. A measure may count people: a value below the ledger's \
             threshold, and a share that leaves fewer than that, is held back.",
        ),
        ("Owner", "The post that answers for the commitment at the as-at date."),
        (
            "Lineage",
            "Which commitments it delivers, and what it ended in. Work on one that delivers another is evidence \
             of effort for the other, not of its result.",
        ),
    ],
};

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let horizon = parameters.horizon();
    // Actions that were closed before the period began are counted nowhere.
    let awake = views.actions.awake(views, horizon, parameters.period.first_day());
    let standings: Vec<Standing<'_>> = awake.map(|(standing, _)| standing).collect();
    let measures: Vec<Measured<'_>> = views.measures.standings(views, horizon).collect();
    let lines = lines(views, parameters, &standings, &measures);
    let about = About { views, parameters, threshold: threshold(views, parameters.as_known) };
    let mut table = Table::new(
        "r1.commitments",
        "The pledge, line by line",
        "No commitment is recorded.",
        &[
            ("commitment", "Commitment"),
            ("quote", "What we pledged"),
            ("state", "State"),
            ("last_evidence", "Last evidence"),
            ("review", "Latest review"),
            ("measure", "Measure and target"),
            ("value", "Latest value"),
            ("owner", "Owner"),
            ("open", "Actions open"),
            ("claimed", "Actions claimed done"),
            ("verified", "Verified in period"),
            ("kind", "Kind"),
            ("lineage", "Lineage"),
        ],
    );
    for line in &lines {
        table.push(Kind::Commitment.subject(line.id), about.row(&lines, line));
    }
    let tables = vec![table, measures_table(&about, &measures)];
    Body { figures: figures(&about, &lines), tables, notes: notes(about.threshold) }
}

/// A commitment, and when something last happened for it.
pub(super) struct LastEvidence {
    pub(super) subject: Subject,
    pub(super) title: String,
    pub(super) owner: Figure,
    /// It has not ended.
    pub(super) stands: bool,
    /// The day on which it was made, and the event that says so.
    pub(super) made: (Date, u64),
    /// The day of the last evidence of activity, and the event.
    pub(super) last: Option<(Date, u64)>,
}

/// Every commitment that is known from the horizon, with its last evidence of activity.
pub(super) fn last_evidence(views: &Views, horizon: Horizon) -> Vec<LastEvidence> {
    let measures: Vec<Measured<'_>> = views.measures.standings(views, horizon).collect();
    let of = |line: &Line<'_>| {
        let facts = views.commitments.facts.get(line.id)?.all();
        let made = facts.iter().find(|fact| fact.sequence == line.sequence)?;
        let last = line.last.as_ref().and_then(|(on, events)| Some((*on, *events.iter().max()?)));
        Some(LastEvidence {
            subject: Kind::Commitment.subject(line.id),
            title: line.made.title.to_string(),
            owner: owner_cell(views, horizon, &line.owner),
            stands: line.stands(),
            made: (made.effective, made.sequence),
            last,
        })
    };
    // No period is asked about, and no action's standing.
    let period = Period::financial_year_of(horizon.as_at);
    let parameters = Parameters::new(horizon.as_at, horizon.as_known, period);
    lines(views, &parameters, &[], &measures).iter().filter_map(of).collect()
}

fn measures_table(about: &About<'_>, measures: &[Measured<'_>]) -> Table {
    let mut table = Table::new(
        "r1.measures",
        "How the commitments are measured",
        "No measure is agreed for any commitment.",
        &[
            ("measure", "Measure"),
            ("commitment", "Commitment"),
            ("value", "Latest value"),
            ("period", "Value is for"),
            ("target", "Target now"),
            ("first_target", "First target"),
            ("due", "Due"),
            ("owner", "Owner"),
        ],
    );
    let mut measures: Vec<_> = measures.iter().collect();
    measures.sort_by_cached_key(|measured| (natural(measured.commitment), natural(measured.id)));
    for measured in measures {
        table.push(Kind::Measure.subject(measured.id), about.measure_row(measured));
    }
    table
}

/// What the headlines are counted from.
struct Counted<'a, 'v> {
    lines: &'a [Line<'v>],
    standing: Vec<&'a Line<'v>>,
}

impl<'a, 'v> Counted<'a, 'v> {
    /// A figure about those that stand; or why there is none.
    fn known(&self, figure: impl FnOnce() -> Figure) -> Figure {
        if self.lines.is_empty() {
            Figure::not_available(SILENCE)
        } else if self.standing.is_empty() {
            Figure::not_applicable("No commitment stands any more.")
        } else {
            figure()
        }
    }

    /// How many of those that stand pass the test, with what is said of that number.
    fn share(&self, test: impl Fn(&Line<'v>) -> bool, said: impl Fn(u64) -> String) -> Figure {
        self.known(|| {
            let part: Vec<&'a Line<'v>> = self.standing.iter().copied().filter(|line| test(line)).collect();
            let n = part.len() as u64;
            // What a silence is about; there is no event behind silence itself.
            Figure::share(n, self.standing.len() as u64, "commitments", said(n))
                .from_events(part.iter().map(|line| line.sequence))
        })
    }
}

fn figures(about: &About<'_>, lines: &[Line<'_>]) -> Vec<Figure> {
    let counted = Counted { lines, standing: lines.iter().filter(|line| line.stands()).collect() };
    let (whole, period) = (counted.standing.len() as u64, about.parameters.period);
    let of = count(whole, "commitment", "commitments");
    let stand = if lines.is_empty() {
        Figure::not_available(SILENCE)
    } else {
        let verb = if whole == 1 { "stands" } else { "stand" };
        Figure::number(whole, "commitments", format!("{of} {verb}."))
            .from_events(counted.standing.iter().map(|line| line.sequence))
    };
    let silent_in_period = counted.share(
        |line| !line.in_period,
        |n| format!("{n} of {of} {} no evidence of activity in {period}.", has(n)),
    );
    let silent = counted.share(
        |line| line.last.is_none(),
        |n| format!("{n} of {of} {} no evidence of any activity on record.", has(n)),
    );
    let measured = counted.share(
        |line| !line.measures.is_empty(),
        |n| match n {
            0 => "No measure is agreed for any commitment.".to_owned(),
            n => format!("{n} of {of} {} an agreed measure.", has(n)),
        },
    );
    vec![
        reviewed(about, &counted, &of).named("r1.reviewed", "Reviewed"),
        stand.named("r1.commitments", "Commitments"),
        silent_in_period.named("r1.silent_in_period", "No evidence in the period"),
        silent.named("r1.silent", "No evidence at all"),
        measured.named("r1.measured", "With an agreed measure"),
        ended(lines).named("r1.ended", "Not standing any more"),
    ]
}

/// How many were reviewed, and what the reviews found: beside each other, never as one number.
fn reviewed(about: &About<'_>, counted: &Counted<'_, '_>, of: &str) -> Figure {
    let period = about.parameters.period;
    let mut fallen = 0;
    let mut found: BTreeMap<ReviewOutcome, u64> = BTreeMap::new();
    let mut events = Vec::new();
    for line in &counted.standing {
        if let Some((fact, review)) = latest_review(line, period) {
            *found.entry(review.outcome).or_default() += 1;
            fallen += u64::from(about.has_fallen(review));
            events.push(fact.sequence);
        }
    }
    let fallen = match fallen {
        0 => String::new(),
        n => format!(" All the evidence of {n} of these has fallen since."),
    };
    let outcomes: Vec<_> =
        found.iter().map(|(outcome, n)| format!("{n} {}", outcome_words(*outcome).to_lowercase())).collect();
    let figure = counted.share(
        |line| latest_review(line, period).is_some(),
        |n| match n {
            0 => format!("No commitment has been reviewed for {period}, so none can be called kept."),
            1 => format!(
                "1 of {of} was reviewed for {period}; by its latest review: {}.{fallen}",
                outcomes.join(", ")
            ),
            n => format!(
                "{n} of {of} were reviewed for {period}; by the latest review of each: {}.{fallen}",
                outcomes.join(", ")
            ),
        },
    );
    figure.from_events(events)
}

/// How many do not stand any more, and why.
fn ended(lines: &[Line<'_>]) -> Figure {
    if lines.is_empty() {
        return Figure::not_available(SILENCE);
    }
    let ends: Vec<_> = lines.iter().filter_map(|line| line.end).collect();
    let of = |test: &dyn Fn(Ending<'_>) -> bool, word: &str| {
        let n = ends.iter().filter(|end| test(end.how)).count();
        (n > 0).then(|| format!("{n} {word}"))
    };
    let why = [
        of(&|how| matches!(how, Ending::Fulfilled(_)), "fulfilled"),
        of(&|how| matches!(how, Ending::Merged(_)), "merged into another"),
        of(&|how| matches!(how, Ending::Superseded(_) | Ending::SupersededByVersion(_)), "superseded"),
        of(&|how| matches!(how, Ending::Withdrawn | Ending::WithdrawnByVersion(_)), "withdrawn"),
        of(&|how| how == Ending::TakenBack, "taken back as recorded in error"),
    ];
    let why: Vec<_> = why.into_iter().flatten().collect();
    let n = ends.len() as u64;
    let text = match n {
        0 => "No commitment has ended.".to_owned(),
        1 => format!("1 commitment does not stand any more: {}.", why.join(", ")),
        n => format!("{n} commitments do not stand any more: {}.", why.join(", ")),
    };
    Figure::number(n, "commitments", text).from_events(ends.iter().map(|end| end.sequence))
}

const fn has(number: u64) -> &'static str {
    if number == 1 { "has" } else { "have" }
}

const SILENCE: &str = "No commitment is recorded, so nothing can be said about any.";

fn notes(threshold: u64) -> Vec<String> {
    let held_back = format!(
        "A value below {threshold}, or a share that leaves fewer than {threshold} of its whole, is held back: it could be \
         about people."
    );
    let mut notes: Vec<String> = [
        "There is no single score. Whether a line of the pledge is kept is for a review to say, and activity is not \
         evidence of results.",
        "Evidence of activity is what names the commitment: an action planned, a measure agreed, feedback sought, a policy \
         change proposed, learning offered, practice support, an awareness activity, people told where to find help, or a \
         survey result; and evidence attached to it or to one of these. Events that were taken back, and evidence that was \
         rejected or withdrawn, do not count.",
        "Days since the last evidence are counted up to the as-at date.",
        "A review counts for the period if it tells of at least one day of it: the latest may be about one quarter of a year.",
        "Actions are counted by where they stood at the as-at date, in whatever year they were planned; those that were \
         verified if that was in the period. One action may serve several commitments: the counts of different lines must \
         not be added up.",
        "\"Delivers\" says that one commitment is a way of keeping another; work on the first is evidence of effort for \
         the second, not of its result.",
    ]
    .map(str::to_owned)
    .to_vec();
    notes.push(held_back);
    notes
}
