//! R3: you said, we did. And what did we not do, and why?
//!
//! Invariant: every number here is a sum of parts of one cut, as it was released; no event of a figure names an item.

use super::cohort::{BANDS, FINE_FROM, Fate, Grain, Group, Heard, Outcome, REASONS, Released, released};
use super::definition::Definition;
use super::phrases::{capital, count_or_no, day, short_day};
use super::report::{Figure, FigureStatus, Table};
use super::text::Text;
use super::{Body, Memory, Parameters};
use crate::domain::event::Respondents;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::history::Horizon;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r3/3",
    terms: &[
        (
            "Received in the year",
            "Every item of feedback that counts as received on a day from 1 April to 31 March, local time; an anonymous \
             item on the first of its month. Items whose receipt was taken back are not counted anywhere.",
        ),
        (
            "As of the release point",
            "Numbers about people are worked out at declared release points only, from what was known there, and stand \
             still in between. A number that would move by less than the threshold keeps its old value, so it may lag by \
             a few items behind what the ledger holds; one that falls below the threshold is said to be fewer; numbers \
             below the threshold are held back, and others with them, so that nothing follows by subtraction; those of \
             which not even the sum is told begin anew at the next release point. Staff or partners with fewer than \
             twice the threshold of items are held back whole.",
        ),
        (
            "Told apart",
            "Of 100 items or more of staff or of partners, at the first release point of the year at which they are shown, every \
             row is told apart. Of fewer only three are, for the whole of the year, however many come later: led to a change; \
             no change, and why; open. Nearly all other numbers would be too small to be shown, and two divisions of the same \
             items side by side would tell what either holds back.",
        ),
        (
            "Led to a change",
            "Linked to a substantive policy change that is in force and was not reversed (policy changed), or to an action \
             that is verified (practice changed), on or after the day of receipt. Policy counts before practice, and either \
             before a closure. Whichever side made the link, the item or the change, it counts until it is taken back. \
             Editorial changes, and reviews that changed nothing, are not changes. One item with two changes is one item.",
        ),
        (
            "No change, and why",
            "Closed without change, with a reason of the ledger's own list, and not reopened since. There is no target for \
             this: a target would breed changes in name only.",
        ),
        ("Open", "Neither changed nor closed."),
        ("Answered", "An answer was recorded. A holding reply is an acknowledgement and not an answer."),
        (
            "Loop closed",
            "Answered; and changed, or closed with a reason; and whoever spoke was told what came of it, since it was last \
             open.",
        ),
        (
            "Waiting",
            "Open and not answered; the age in days from the day of receipt to the day of the release point.",
        ),
        (
            "Withdrawn",
            "Taken back as a whole by whoever gave it, whatever it had led to by then. Such items are in no other number.",
        ),
    ],
};

pub(super) fn body(views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    match &*released(views, parameters, memory) {
        Ok(released) => About { views, parameters, released }.body(),
        Err(why) => {
            let none = |text: String| Figure::not_available(text);
            let figures = WHO.iter().flat_map(|who| who.all(&none, why.sentence(), why.words())).collect();
            Body { figures, tables: vec![table(why.sentence()), detail(why.sentence())], notes: Vec::new() }
        }
    }
}

/// Whoever spoke, and what the figures about them are called.
struct Who {
    respondents: Respondents,
    /// In the middle of a sentence.
    name: &'static str,
    figures: [(&'static str, &'static str); 6],
}

const WHO: [Who; 2] = [
    Who {
        respondents: Respondents::Staff,
        name: "staff feedback",
        figures: [
            ("r3.staff_changed", "Staff: led to a change"),
            ("r3.staff_no_change", "Staff: no change, and why"),
            ("r3.staff_open", "Staff: open"),
            ("r3.staff_answered", "Staff: answered"),
            ("r3.staff_loop_closed", "Staff: loop closed"),
            ("r3.staff_withdrawn", "Staff: withdrawn"),
        ],
    },
    Who {
        respondents: Respondents::Partners,
        name: "partner feedback",
        figures: [
            ("r3.partners_changed", "Partners: led to a change"),
            ("r3.partners_no_change", "Partners: no change, and why"),
            ("r3.partners_open", "Partners: open"),
            ("r3.partners_answered", "Partners: answered"),
            ("r3.partners_loop_closed", "Partners: loop closed"),
            ("r3.partners_withdrawn", "Partners: withdrawn"),
        ],
    },
];

impl Who {
    /// Every figure about them without a value: the first in a sentence that says why, the others in a few words.
    fn all(&self, make: &dyn Fn(String) -> Figure, sentence: &str, words: &str) -> Vec<Figure> {
        let figure = |(number, (id, label)): (usize, &(&str, &str))| {
            let text = match (number, label.split_once(": ")) {
                (1.., Some((_, what))) => format!("{}, {what}: {words}.", capital(self.name)),
                _ => sentence.to_owned(),
            };
            make(text).named(id, label)
        };
        self.figures.iter().enumerate().map(figure).collect()
    }
}

fn table(when_empty: &str) -> Table {
    Table::new(
        "r3.outcomes",
        "What became of what was said",
        when_empty,
        &[("outcome", "What became of it"), ("staff", "Staff"), ("partners", "Partners")],
    )
}

fn detail(when_empty: &str) -> Table {
    Table::new(
        "r3.detail",
        "The same, told further apart",
        when_empty,
        &[("outcome", "What became of it, and who knows"), ("staff", "Staff"), ("partners", "Partners")],
    )
}

/// What the report is written from.
struct About<'a> {
    views: &'a Views,
    parameters: &'a Parameters,
    released: &'a Released,
}

impl About<'_> {
    fn body(&self) -> Body {
        let none = "Nothing that was said in the year can be shown.";
        let (fine, coarse) = (self.released.has(Grain::Fine), self.released.has(Grain::Coarse));
        let (mut table, mut detail) = (
            table(none),
            detail(if coarse { "Of fewer than 100 items no more is told apart." } else { none }),
        );
        let push = |table: &mut Table, subject: String, words: String, cell: &dyn Fn(&Who) -> Figure| {
            let cells = WHO.iter().map(cell);
            table.push(subject, std::iter::once(Figure::words(words)).chain(cells).collect());
        };
        for fate in Fate::ALL.into_iter().filter(|_| fine || coarse) {
            let (subject, words) = fate_row(fate);
            push(&mut table, subject.to_owned(), words.to_owned(), &|who| {
                self.standing(who.respondents, fate)
            });
        }
        for outcome in self.released.outcomes().filter(|_| fine) {
            let (subject, words) = self.outcome(outcome);
            push(&mut detail, subject, words, &|who| self.cell(who.respondents, outcome));
        }
        let figures = WHO.iter().flat_map(|who| self.figures(who)).collect();
        Body { figures, tables: vec![table, detail], notes: self.notes() }
    }

    fn figures(&self, who: &Who) -> Vec<Figure> {
        let point = self.released.point.sequence;
        let group = match self.released.of(who.respondents) {
            Heard::Released(group) => group,
            Heard::Silent => {
                let year = self.parameters.period;
                let sentence = format!("No {} is recorded as received in {year}.", who.name);
                return who.all(
                    &|text| Figure::not_available(text).from_events([point]),
                    &sentence,
                    "none received",
                );
            }
            Heard::HeldBack => {
                let (name, year) = (who.name, self.parameters.period);
                let sentence =
                    format!("Held back: too few items of {name} were received in {year} to be told of.");
                return who.all(&|text| held_back(text).from_events([point]), &sentence, "held back");
            }
        };
        let count = |is: fn(Outcome) -> bool| group.told(group.count(is));
        let standing = |fate| group.told(group.standing(fate));
        let apart = match group.grain {
            Grain::Coarse => "not told apart for fewer than 100 items",
            Grain::Fine => FEW,
        };
        let of = |part: Option<u64>, (what, why): (&str, &str), said: &dyn Fn(u64, &str) -> String| match (
            part,
            group.total(),
        ) {
            (_, Some(0)) => Figure::not_applicable(format!("No {} counts any more.", who.name)),
            (Some(part), Some(whole)) => {
                Figure::share(part, whole, "items", said(part, &format!("{part} of {whole}")))
            }
            // The total is held back, and not what is shown of it.
            (Some(part), None) => {
                Figure::number(part, "items", said(part, &count_or_no(part, "item", "items").to_lowercase()))
            }
            (None, _) => held_back(format!("{}, {what}: held back, {why}.", capital(who.name))),
        };
        let figures = [
            self.answer(who, group),
            of(standing(Fate::Closed), ("no change, and why", FEW), &|_, said| {
                capital(&format!("{said} led to no change, and a reason is given."))
            }),
            of(standing(Fate::Open), ("open", FEW), &|n, said| {
                capital(&format!("{said} {} open: neither changed nor closed.", is(n)))
            }),
            of(count(Outcome::is_answered), ("answered", apart), &|n, said| {
                capital(&format!("{said} {} answered.", was(n)))
            }),
            of(count(Outcome::is_loop_closed), ("loop closed", apart), &|_, said| {
                format!("For {said} the loop is closed: answered, decided, and told what came of it.")
            }),
            match group.told(group.withdrawn()) {
                Some(0) => Figure::number(0, "items", format!("No item of {} was withdrawn.", who.name)),
                Some(n) => {
                    let items = if n == 1 { "item" } else { "items" };
                    let text = format!(
                        "{n} more {items} of {} {} withdrawn, and {} in no other number.",
                        who.name,
                        was(n),
                        is(n)
                    );
                    Figure::number(n, "items", text)
                }
                None => held_back(format!("{}, withdrawn: held back.", capital(who.name))),
            },
        ];
        let named = figures.into_iter().zip(who.figures);
        named.map(|(figure, (id, label))| figure.named(id, label).from_events([point])).collect()
    }

    /// The answer to the question, in one sentence.
    fn answer(&self, who: &Who, group: &Group) -> Figure {
        let standing = |fate| group.told(group.standing(fate));
        let (changed, closed) = (standing(Fate::Changed), standing(Fate::Closed));
        let (whole, year) = (group.total(), self.parameters.period);
        let received = whole.map_or_else(
            || format!("Of {} received in {year} (how many items is held back)", who.name),
            |whole| format!("Of {whole} items of {} received in {year}", who.name),
        );
        let of_all = |changed: u64, text: String| match whole {
            Some(whole) => Figure::share(changed, whole, "items", text),
            None => Figure::number(changed, "items", text),
        };
        match (changed, closed, standing(Fate::Open)) {
            _ if whole == Some(0) => Figure::not_applicable(format!("No {} counts any more.", who.name)),
            (Some(changed), Some(closed), Some(open)) => {
                let text = format!(
                    "{received}, {changed} led to a change, {closed} led to none and a reason is given, and {open} {} open.",
                    is(open)
                );
                of_all(changed, text)
            }
            (Some(changed), ..) => {
                let text =
                    format!("{received}, {changed} led to a change; what became of the others is held back.");
                of_all(changed, text)
            }
            _ => held_back(format!("{received}, how many led to a change is held back.")),
        }
    }

    /// One part of the fine grain.
    fn cell(&self, respondents: Respondents, outcome: Outcome) -> Figure {
        self.items(respondents, |group| match group.grain {
            Grain::Coarse => held_back("not told apart"),
            Grain::Fine => self.part(group, group.count(|it| it == outcome)),
        })
    }

    /// How many stand so: of the coarse grain one part, of the fine one several.
    fn standing(&self, respondents: Respondents, fate: Fate) -> Figure {
        self.items(respondents, |group| match (group.grain, group.standing(fate)) {
            // Each of the parts may be a few by now, and all of them together more.
            (Grain::Fine, Some(0)) if group.has_moved => held_back(""),
            (_, items) => self.part(group, items),
        })
    }

    fn part(&self, group: &Group, items: Option<u64>) -> Figure {
        match items {
            Some(0) if group.has_moved => held_back(format!("fewer than {}", self.released.threshold)),
            Some(items) => Figure::number(items, "items", format_args!("{items}")),
            None => held_back(""),
        }
    }

    fn items(&self, respondents: Respondents, released: impl FnOnce(&Group) -> Figure) -> Figure {
        let figure = match self.released.of(respondents) {
            Heard::Silent => Figure::not_available("None received"),
            Heard::HeldBack => held_back(""),
            Heard::Released(group) => released(group),
        };
        figure.from_events([self.released.point.sequence])
    }

    /// The stable name of a row, and what it says.
    fn outcome(&self, outcome: Outcome) -> (String, String) {
        let (name, words) = match outcome {
            Outcome::PolicyChanged => ("policy_changed", "Policy changed, and told so"),
            Outcome::PracticeChanged => ("practice_changed", "Practice changed, and told so"),
            Outcome::ChangedNotTold => {
                ("changed_not_told", "Changed and answered, but not told of the change")
            }
            Outcome::ChangedNotAnswered => ("changed_not_answered", "Changed, but not answered"),
            Outcome::ClosedNotTold => {
                ("closed_not_told", "Closed with a reason and answered, but not told why")
            }
            Outcome::ClosedNotAnswered => ("closed_not_answered", "Closed with a reason, but not answered"),
            Outcome::AnsweredOpen => ("answered_open", "Answered, and still open"),
            Outcome::Waiting(band) => return waiting(band),
            Outcome::Reason(reason) => {
                let Some(code) = self.released.reasons.get(reason) else { return Default::default() };
                let words = format!("No change, and told why: {}", self.reason(code));
                return (format!("outcome/no_change.{code}"), words);
            }
        };
        (format!("outcome/{name}"), words.to_owned())
    }

    /// What a reason is called: as the list that was adopted last says, of those that have it.
    fn reason(&self, code: &Code) -> String {
        let horizon = Horizon { as_at: self.released.point.on, as_known: self.released.point.position };
        let lists = self.views.ledger.code_lists.iter().filter(|(name, _)| name.as_str() == REASONS);
        let adopted = lists.flat_map(|(_, history)| self.views.seen(history, horizon));
        let entries = adopted.flat_map(|list| &list.fact.entries).filter(|entry| entry.code == *code);
        entries.last().map_or_else(|| code.to_string(), |entry| entry.title.to_string())
    }

    fn notes(&self) -> Vec<String> {
        let on = day(self.released.point.on);
        let mut notes = vec![
            format!(
                "As of the release point of {on}. Figures about people are worked out at release points only, from what was \
                 known there, and stand still until the next one."
            ),
            format!(
                "Numbers below {} are held back, and others beside them so that they cannot be worked out. A number that \
                 would move by less than {} since it was last released keeps its old value; so where it is none, or has fallen \
                 below that, it is said to be fewer than {}.",
                self.released.threshold, self.released.threshold, self.released.threshold
            ),
            "A change is a substantive policy change in force, or an action that somebody else has verified. Editorial \
             changes, and reviews that changed nothing, are not changes."
                .to_owned(),
            "Closing without change is an honest answer, and there is no target for it. The reason is one of the ledger's \
             own list."
                .to_owned(),
            format!(
                "Whoever waits is counted by the days from receipt to {}; items that were answered and are open are not \
                 among them.",
                short_day(self.released.point.on)
            ),
        ];
        if self.released.has(Grain::Coarse) {
            let few = format!(
                "Where fewer than {FINE_FROM} items were received when they were first shown, only three numbers are told \
                 apart for the whole of the year: what led to a change, what led to none, and what is open."
            );
            notes.insert(2, few);
        }
        notes
    }
}

/// The stable name of a row, and what it says.
const fn fate_row(fate: Fate) -> (&'static str, &'static str) {
    match fate {
        Fate::Changed => ("outcome/changed", "Led to a change"),
        Fate::Closed => ("outcome/no_change", "No change, and a reason given"),
        Fate::Open => ("outcome/open", "Open: neither changed nor closed"),
    }
}

fn waiting(band: usize) -> (String, String) {
    let before = band.checked_sub(1).and_then(|before| BANDS.get(before));
    let (name, age) = match (before, BANDS.get(band)) {
        (None, Some(last)) => (format!("up_to_{last}"), format!("up to {last} days")),
        (Some(before), Some(last)) => {
            (format!("{}_to_{last}", before + 1), format!("{} to {last} days", before + 1))
        }
        (Some(before), None) => (format!("over_{before}"), format!("more than {before} days")),
        (None, None) => (String::new(), String::new()),
    };
    (format!("outcome/waiting.{name}"), format!("Open and not answered for {age}"))
}

fn held_back(text: impl Into<Text>) -> Figure {
    Figure::with_status(FigureStatus::Suppressed, text)
}

const FEW: &str = "fewer than may be shown, or next to such a number";

const fn is(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

const fn was(number: u64) -> &'static str {
    if number == 1 { "was" } else { "were" }
}
