//! The cells of R1: each commitment in words, and its measures in numbers.
//!
//! Invariant: what a review found is said in the review's own terms, with the time that it tells of; nothing is made of
//! it. A value that could point at a few people is held back. Must not know how lines come about.

use jiff::civil::Date;

use super::lines::{Ending, Line};
use crate::domain::event::{CommitmentKind, DeliveryBasis, Direction, ReviewOutcome};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::actions::{ActionState, Standing};
use crate::projections::commitments::{CommitmentFact, Review};
use crate::projections::history::Dated;
use crate::projections::measures::{Measured, Terms, Value};
use crate::reports::disclosure::{Shown, share};
use crate::reports::people::{fallen_words, owner_cell};
use crate::reports::phrases::{count, days_after, short_day};
use crate::reports::report::{Figure, FigureStatus};
use crate::reports::{Parameters, Period};

/// What the cells are written from.
pub(super) struct About<'v> {
    pub(super) views: &'v Views,
    pub(super) parameters: &'v Parameters,
    /// From how many on a count has a number.
    pub(super) threshold: u64,
}

/// The latest review of those that tell of some day of the period: see *Reviewed* of the report.
pub(super) fn latest_review<'v>(
    line: &Line<'v>,
    period: Period,
) -> Option<(&'v Dated<CommitmentFact>, &'v Review)> {
    let of_period = |review: &Review| review.from <= period.last_day() && period.first_day() <= review.to;
    let reviews = line.reviews.iter().copied().filter(|(_, review)| of_period(review));
    reviews.max_by_key(|(fact, review)| (review.to, fact.effective, fact.place))
}

/// What a review found, in a word or two.
pub(super) const fn outcome_words(outcome: ReviewOutcome) -> &'static str {
    match outcome {
        ReviewOutcome::Kept => "Kept",
        ReviewOutcome::Partly => "Partly kept",
        ReviewOutcome::NotKept => "Not kept",
        ReviewOutcome::NoEvidence => "No evidence",
        ReviewOutcome::NotStarted => "Not started",
        ReviewOutcome::Limited => "Limited",
        ReviewOutcome::Substantial => "Substantial",
        ReviewOutcome::Complete => "Complete",
    }
}

impl About<'_> {
    pub(super) fn row(&self, lines: &[Line<'_>], line: &Line<'_>) -> Vec<Figure> {
        let says = [line.sequence];
        let kind = match line.made.kind {
            CommitmentKind::Continuing => "Continuing: kept or not kept in a period",
            CommitmentKind::Milestone => "Milestone: done once",
        };
        vec![
            Figure::words(format!("{} {}", line.id, line.made.title)).from_events(says),
            Figure::words(format!("\u{201c}{}\u{201d}", line.made.quote.trim())).from_events(says),
            self.state(line),
            last_evidence(line, self.parameters.as_at),
            self.review(line),
            measure(line),
            self.value_of(line),
            owner_cell(self.views, self.parameters.horizon(), &line.owner),
            actions(line, &|it| it.state.is_open()),
            actions(line, &|it| it.state == ActionState::Claimed),
            actions(line, &|it| {
                let in_period = it.closed_on.is_some_and(|on| self.parameters.period.contains(on));
                it.state == ActionState::Verified && in_period
            }),
            Figure::words(kind).from_events(says),
            lineage(lines, line),
        ]
    }

    /// Whether nothing is left of what a review rested on.
    pub(super) fn has_fallen(&self, review: &Review) -> bool {
        let fallen = self.views.commitments.fallen(self.views, &review.evidence, self.parameters.horizon());
        !review.evidence.is_empty() && fallen == review.evidence.len() as u64
    }

    fn fallen(&self, evidence: &[Code]) -> String {
        let fallen = self.views.commitments.fallen(self.views, evidence, self.parameters.horizon());
        fallen_words(fallen, evidence.len() as u64)
    }

    fn state(&self, line: &Line<'_>) -> Figure {
        let Some(end) = line.end else { return Figure::words("Stands").from_events([line.sequence]) };
        let (on, pledge) = (short_day(end.on), &line.made.pledge);
        let words = match end.how {
            Ending::TakenBack => format!("Taken back {on}: recorded in error"),
            Ending::Fulfilled([]) => format!("Fulfilled {on}, without evidence"),
            Ending::Fulfilled(evidence) => format!("Fulfilled {on}{}", self.fallen(evidence)),
            Ending::Merged(into) => format!("Merged into {into} {on}"),
            Ending::Superseded(by) => format!("Superseded by {by} {on}"),
            Ending::Withdrawn => format!("Withdrawn {on}"),
            Ending::SupersededByVersion(version) => {
                format!("Superseded by version {version} of {pledge} {on}")
            }
            Ending::WithdrawnByVersion(version) => {
                format!("Withdrawn by version {version} of {pledge} {on}")
            }
        };
        Figure::words(words).from_events([line.sequence, end.sequence])
    }

    fn review(&self, line: &Line<'_>) -> Figure {
        if let Some((fact, review)) = latest_review(line, self.parameters.period) {
            return Figure::words(self.review_words(fact, review)).from_events([fact.sequence]);
        }
        let earlier = line.reviews.iter().max_by_key(|(fact, it)| (it.to, fact.effective, fact.place));
        match earlier {
            None => Figure::not_available("Not yet reviewed"),
            Some((fact, review)) => Figure::not_available(format!(
                "Not yet reviewed for {}; of another time: {}",
                self.parameters.period,
                self.review_words(fact, review)
            ))
            .from_events([fact.sequence]),
        }
    }

    fn review_words(&self, fact: &Dated<CommitmentFact>, review: &Review) -> String {
        let horizon = self.parameters.horizon();
        let who = match (review.self_assessed, review.same_holder) {
            (true, _) => ", IRREGULAR: who looked is who answers for it",
            (false, true) => ", IRREGULAR: the person who looked also holds the owner's post",
            (false, false) => "",
        };
        format!(
            "{} {} (reviewed {} by {}{who}){}",
            outcome_words(review.outcome),
            span(review.from, review.to),
            short_day(fact.effective),
            self.views.post_title(&review.assessor, horizon),
            self.fallen(&review.evidence),
        )
    }

    /// The latest value of the only measure; of several, all in words: their numbers stand in the table of measures.
    fn value_of(&self, line: &Line<'_>) -> Figure {
        match line.measures.as_slice() {
            [] => Figure::not_applicable("No measure"),
            [one] => {
                let mut value = self.value(one);
                if let Some((said, _)) = one.latest {
                    let words = format!("{} {}", value.text, span(said.from, said.to));
                    value.text = words.trim().into();
                }
                value
            }
            several => {
                let words = several.iter().map(|one| {
                    let time = one.latest.map(|(said, _)| format!(" {}", span(said.from, said.to)));
                    let value = self.value(one).printed();
                    format!("{}: {value}{}", one.current.0.title, time.unwrap_or_default())
                });
                let events = several.iter().filter_map(|one| one.latest.map(|(_, sequence)| sequence));
                Figure::words(words.collect::<Vec<_>>().join("; ")).from_events(events)
            }
        }
    }

    /// The latest value of a measure. It may count people: so a small one leaves no number behind.
    pub(super) fn value(&self, measured: &Measured<'_>) -> Figure {
        let Some((value, sequence)) = measured.latest else {
            return Figure::not_available("No value reported");
        };
        let unit = measured.current.0.unit.as_str();
        self.shown(value, unit).from_events([sequence])
    }

    fn shown(&self, value: Value, unit: &str) -> Figure {
        let part = u64::from(value.numerator);
        let held_back = || Figure::with_status(FigureStatus::Suppressed, "");
        let Some(whole) = value.denominator.map(u64::from) else {
            let small = (1..self.threshold).contains(&part);
            return if small { held_back() } else { Figure::number(part, unit, format!("{part} {unit}")) };
        };
        if whole == 0 {
            return Figure::not_available(format!("{part} of none"));
        }
        match share(part, whole, self.threshold) {
            Shown::HeldBack => held_back(),
            Shown::NearlyAll => Figure::words("more than 95 %"),
            Shown::NearlyNone => Figure::words("less than 5 %"),
            Shown::Exactly => {
                // In tenths of a percent, half rounded up.
                let tenths = (2_000 * part + whole) / (2 * whole);
                let percent = match (tenths / 10, tenths % 10) {
                    (whole, 0) => whole.to_string(),
                    (whole, tenth) => format!("{whole}.{tenth}"),
                };
                let counted = if unit == "%" { String::new() } else { format!(" {unit}") };
                let text = format!("{percent} % ({part} of {whole}{counted})");
                let mut figure = Figure::share(part, whole, "%", text);
                figure.number = Some(tenths as f64 / 10.0);
                figure
            }
        }
    }

    /// A measure's row in its own table.
    pub(super) fn measure_row(&self, measured: &Measured<'_>) -> Vec<Figure> {
        let (terms, since) = measured.current;
        let (first, first_said) = measured.first;
        let period = match measured.latest {
            Some((value, sequence)) => {
                let words = span(value.from, value.to);
                Figure::words(words.trim_start_matches("for ")).from_events([sequence])
            }
            None => Figure::not_available("No value reported"),
        };
        let target = |terms: &Terms, sequence: u64| match terms.target {
            None => Figure::not_available("None agreed").from_events([sequence]),
            Some(_) => Figure::words(target_words(terms)).from_events([sequence]),
        };
        let due = match terms.due {
            None => Figure::not_available("No date agreed"),
            Some(due) => Figure::words(short_day(due)).from_events([since]),
        };
        vec![
            Figure::words(terms.title.as_str()).from_events([since]),
            Figure::words(measured.commitment.as_str()).from_events([measured.agreed.sequence]),
            self.value(measured),
            period,
            target(terms, since),
            target(first, first_said),
            due,
            owner_cell(self.views, self.parameters.horizon(), &measured.owner),
        ]
    }
}

/// `for 1 Apr 2025 to 30 Jun 2025`.
fn span(from: Date, to: Date) -> String {
    if from == to {
        return format!("for {}", short_day(from));
    }
    format!("for {} to {}", short_day(from), short_day(to))
}

/// `at least 80 %`, of a share whatever its unit is; `at most 20 working days`; `no target`.
fn target_words(terms: &Terms) -> String {
    let way = match terms.direction {
        Direction::Up => "at least",
        Direction::Down => "at most",
    };
    let unit = if terms.is_share { "%" } else { terms.unit.as_str() };
    let target = terms.target.as_ref();
    target.map_or_else(|| "no target".to_owned(), |target| format!("{way} {target} {unit}"))
}

/// The measures of a commitment, each with the target of now and the first one.
fn measure(line: &Line<'_>) -> Figure {
    if line.measures.is_empty() {
        return Figure::not_available("None agreed");
    }
    let words = line.measures.iter().map(|it| {
        let ((terms, _), (first, _)) = (it.current, it.first);
        let by = terms.due.map(|due| format!(" by {}", short_day(due))).unwrap_or_default();
        match (target_words(terms), target_words(first)) {
            _ if terms.target.is_none() && first.target.is_none() => {
                format!("{}: no target agreed", terms.title)
            }
            (now, first) if now == first => format!("{}: {now}{by} (as first agreed)", terms.title),
            (now, first) => format!("{}: {now}{by} (first {first})", terms.title),
        }
    });
    let events = line.measures.iter().flat_map(|it| [it.current.1, it.first.1]);
    Figure::words(words.collect::<Vec<_>>().join("; ")).from_events(events)
}

fn last_evidence(line: &Line<'_>, as_at: Date) -> Figure {
    let Some((last, events)) = &line.last else {
        return Figure::not_available("Nothing recorded");
    };
    let days = days_after(*last, as_at);
    let text = match days {
        0 => format!("{} (the as-at day)", short_day(*last)),
        _ => format!("{} ({} before)", short_day(*last), count(days, "day", "days")),
    };
    Figure::number(days, "days", text).from_events(events.iter().copied())
}

fn actions(line: &Line<'_>, test: &dyn Fn(&Standing<'_>) -> bool) -> Figure {
    if !line.has_action {
        return Figure::not_available("No action");
    }
    let counted: Vec<_> = line.actions.iter().filter(|standing| test(standing)).collect();
    Figure::number(counted.len() as u64, "actions", format_args!("{}", counted.len()))
        .from_events(counted.iter().flat_map(|standing| standing.events.iter().copied()))
}

fn lineage(lines: &[Line<'_>], line: &Line<'_>) -> Figure {
    let made = line.made;
    let mut events = vec![line.sequence];
    let mut words = vec![format!(
        "Version {} of {}, characters {}\u{2013}{}",
        made.pledge_version, made.pledge, made.span_start, made.span_end
    )];
    for basis in [DeliveryBasis::Stated, DeliveryBasis::Interpreted] {
        let delivered: Vec<_> = made.delivers.iter().filter(|delivery| delivery.basis == basis).collect();
        let ids: Vec<_> = delivered.iter().map(|delivery| delivery.commitment.as_str()).collect();
        if !ids.is_empty() {
            words.push(format!("delivers {} ({})", ids.join(", "), basis_words(basis)));
        }
    }
    let mut others = |said: &str, test: &dyn Fn(&Line<'_>) -> Option<u64>| {
        let of: Vec<_> = lines.iter().filter_map(|other| Some((other.id.as_str(), test(other)?))).collect();
        if !of.is_empty() {
            let ids: Vec<_> = of.iter().map(|(id, _)| *id).collect();
            words.push(format!("{said} {}", ids.join(", ")));
            events.extend(of.iter().map(|(_, sequence)| *sequence));
        }
    };
    others("delivered by", &|other| {
        let delivers = other.made.delivers.iter().any(|delivery| delivery.commitment == *line.id);
        (other.stands() && delivers).then_some(other.sequence)
    });
    let goes_on_here = |other: &Line<'_>, merged: bool| {
        let end = other.end.filter(|end| end.how.successor() == Some(line.id))?;
        (matches!(end.how, Ending::Merged(_)) == merged).then_some(end.sequence)
    };
    others("takes in", &|other| goes_on_here(other, true));
    others("takes the place of", &|other| goes_on_here(other, false));
    if let Some((version, sequence)) = line.kept {
        words.push(format!("kept in version {version}"));
        events.push(sequence);
    }
    Figure::words(words.join("; ")).from_events(events)
}

const fn basis_words(basis: DeliveryBasis) -> &'static str {
    match basis {
        DeliveryBasis::Stated => "the pledge says so",
        DeliveryBasis::Interpreted => "an interpretation",
    }
}
