//! What became of a file of events, for people and for programs.
//!
//! Invariant: however many events a file has, the page for people stays short; each reason stands once, with the first
//! of its places. Nothing of an event is repeated but its type.

use std::collections::{BTreeMap, BTreeSet};

use super::{client::Refusal, judging::Judged, out, sheet::Columns};
use crate::grpc::wire::{AppendResponse, judgement::Verdict};
use crate::limits::MAX_BATCH;

/// Places that are listed of one reason.
const LISTED: usize = 12;
/// Different explanations of one reason that are shown.
const EXPLAINED: usize = 4;

/// Where an event comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    /// Its line, or its row as the spreadsheet numbers it.
    pub(super) number: usize,
    /// Its type, and which of the mapping's events it is, where a row may give several.
    pub(super) of_row: Option<(&'static str, usize)>,
}

/// An event that was not recorded, or a row that gave none.
pub(super) struct Refused {
    pub(super) number: usize,
    /// Its type, where a row may give several.
    pub(super) event_type: Option<&'static str>,
    pub(super) reason: String,
    pub(super) why: String,
    /// The file cannot be read there; the ledger was not asked.
    pub(super) unread: bool,
}

/// What a sheet had beside its events.
pub(super) struct OfSheet {
    pub(super) columns: Columns,
    pub(super) rows: usize,
    pub(super) silent: usize,
    pub(super) given_up_at: Option<usize>,
}

/// What became of a file.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) recorded: u64,
    pub(super) repeated: u64,
    pub(super) flagged: u64,
    /// Marks that the ledger set, and how many events have them.
    marks: BTreeMap<String, u64>,
    pub(super) refused: Vec<Refused>,
    /// Where each event comes from, by its place among the events.
    pub(super) origins: Vec<Origin>,
    /// The file was a spreadsheet's.
    pub(super) sheet: Option<OfSheet>,
    /// Everything in the ledger is invented; nothing if that is not known.
    pub(super) example: Option<bool>,
    /// Nothing was to be recorded.
    pub(super) dry: Option<Judged>,
    /// Nothing was posted, because the sheet must be corrected first.
    pub(super) held_back: bool,
    /// Why it did not come to the end.
    pub(super) stopped: Option<String>,
}

impl Summary {
    /// The answer to one request.
    pub(super) fn take(&mut self, answer: AppendResponse) {
        let results = answer.results.into_iter().map(|result| {
            (result.repeated, result.receipt.map(|receipt| receipt.irregularities).unwrap_or_default())
        });
        let judgements = answer.judgements.into_iter().map(|judgement| match judgement.verdict {
            Some(Verdict::Repeat(first)) => (true, first.irregularities),
            Some(Verdict::Recordable(it)) => (false, it.irregularities),
            None => (false, Vec::new()),
        });
        for (repeated, marks) in results.chain(judgements) {
            if repeated {
                self.repeated += 1;
                continue;
            }
            self.recorded += 1;
            self.flagged += u64::from(!marks.is_empty());
            for mark in marks {
                *self.marks.entry(mark).or_default() += 1;
            }
        }
    }

    /// The refusal of one request, whose events have these places.
    pub(super) fn refuse(&mut self, places: &[usize], refusal: &Refusal) {
        let guilty = refusal.index.and_then(|index| places.get(index)).copied();
        for &place in places {
            let origin = self.origin(place);
            let why = match guilty {
                Some(guilty) if guilty != place => {
                    format!("in one request with {}, which was refused", self.place(guilty))
                }
                _ => {
                    let columns = self.sheet.as_ref().zip(origin.of_row);
                    let columns =
                        columns.and_then(|(sheet, (_, block))| sheet.columns.of(block, refusal.what()));
                    let from = columns.map(|columns| format!("column {columns}: ")).unwrap_or_default();
                    format!("{from}{}", refusal.what())
                }
            };
            let event_type = origin.of_row.map(|(event_type, _)| event_type);
            let (number, reason) = (origin.number, refusal.reason.clone());
            self.refused.push(Refused { number, event_type, reason, why, unread: false });
        }
    }

    fn origin(&self, place: usize) -> Origin {
        self.origins.get(place).copied().unwrap_or(Origin { number: 0, of_row: None })
    }

    /// How people find an event.
    pub(super) fn place(&self, place: usize) -> String {
        format!("{} {}", self.unit(), self.origin(place).number)
    }

    fn unit(&self) -> &'static str {
        if self.sheet.is_some() { "row" } else { "line" }
    }

    /// Everything that is refused, once the file is through, by its place.
    pub(super) fn in_order(&mut self) {
        self.refused.sort_by_key(|refused| refused.number);
    }

    /// For programs.
    pub(super) fn json(&self, ledger: &str) -> String {
        let refused: Vec<_> = self
            .refused
            .iter()
            .map(|it| {
                let mut object = serde_json::json!({"reason": it.reason, "message": it.why});
                object[self.unit()] = it.number.into();
                if let Some(event_type) = it.event_type {
                    object["type"] = event_type.into();
                }
                object
            })
            .collect();
        let mut object = serde_json::json!({"ledger": ledger, "recorded": self.recorded, "repeated": self.repeated,
            "flagged": self.flagged, "marks": self.marks, "refused": refused, "complete": self.is_complete(),
            "example_data": self.example, "dry_run": self.dry.is_some()});
        if let Some(dry) = &self.dry {
            // A dry run records nothing: the same numbers, under names that nobody takes for receipts.
            for (name, would) in
                [("recorded", "would_record"), ("repeated", "would_repeat"), ("flagged", "would_flag")]
            {
                let value = object[name].take();
                object[would] = value;
                if let Some(object) = object.as_object_mut() {
                    object.remove(name);
                }
            }
            object["judged_apart_from"] =
                dry.apart.iter().map(|place| self.origin(*place).number).collect::<Vec<_>>().into();
            object["unjudged"] = dry.unjudged.into();
        }
        if let Some(sheet) = &self.sheet {
            object["rows"] = sheet.rows.into();
            object["rows_without_event"] = sheet.silent.into();
        }
        format!("{object}\n")
    }

    fn is_complete(&self) -> bool {
        self.stopped.is_none()
            && !self.held_back
            && self.dry.as_ref().is_none_or(|dry| dry.unjudged == 0)
            && self.sheet.as_ref().is_none_or(|sheet| sheet.given_up_at.is_none())
    }

    /// For people.
    pub(super) fn text(&self, from: &str, ledger: &str, seconds: f64) -> String {
        let width = out::width();
        let example = if self.example == Some(true) { " (EXAMPLE DATA)" } else { "" };
        let mode = match (&self.dry, self.held_back) {
            (Some(_), _) => ", dry run: nothing was recorded",
            (None, true) => ": nothing was posted",
            (None, false) => "",
        };
        let mut page = format!("{from} -> {ledger}{example}{mode}, {seconds:.1} s\n");
        page += &self.numbers();
        page += &self.reasons(width);
        for advice in self.advice() {
            page += &format!("\n{}", out::paragraph("", &advice, width));
        }
        page
    }

    fn numbers(&self) -> String {
        let (record, repeat, refuse) = match &self.dry {
            Some(_) => ("would be recorded", "would be repeats: recorded before", "would be refused"),
            None => ("recorded", "repeated: recorded before, and not recorded again", "refused"),
        };
        let refuse = if self.held_back { "cannot be read" } else { refuse };
        let mut page = String::new();
        let mut line = |number: u64, what: &str| page += &format!("{:>10}  {what}\n", out::thousands(number));
        if !self.held_back {
            let marks: Vec<_> =
                self.marks.iter().map(|(mark, count)| format!("{mark} {}", out::thousands(*count))).collect();
            let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
            line(
                self.recorded,
                &format!("{record}, {} of them flagged{marks}", out::thousands(self.flagged)),
            );
            line(self.repeated, repeat);
        }
        line(self.refused.len() as u64, refuse);
        if let Some(unjudged) = self.dry.as_ref().map(|dry| dry.unjudged).filter(|it| *it > 0) {
            line(unjudged as u64, "not judged, because so many are refused");
        }
        if let Some(silent) = self.sheet.as_ref().map(|sheet| sheet.silent).filter(|it| *it > 0) {
            line(silent as u64, "rows that give no event, because no `when` of the mapping holds");
        }
        page
    }

    /// Each reason once, with its places and a few of its explanations: a file of a million lines must not print a
    /// million.
    fn reasons(&self, width: usize) -> String {
        let unit = self.unit();
        let mut reasons: Vec<(&str, Vec<&Refused>)> = Vec::new();
        for it in &self.refused {
            match reasons.iter_mut().find(|(reason, _)| *reason == it.reason) {
                Some((_, places)) => places.push(it),
                None => reasons.push((&it.reason, vec![it])),
            }
        }
        let mut page = String::new();
        for (reason, refused) in reasons {
            let numbers: BTreeSet<usize> = refused.iter().map(|it| it.number).collect();
            let mut listed =
                numbers.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            if numbers.len() > LISTED {
                listed += &format!(" and {} more", out::thousands((numbers.len() - LISTED) as u64));
            }
            let label = if numbers.len() == 1 { unit.to_owned() } else { format!("{unit}s") };
            page += &format!("\n{}\n", out::strong(reason));
            page += &out::paragraph(&format!("  {label} "), &listed, width);
            let mut seen = BTreeSet::new();
            for it in refused.iter().filter(|it| seen.insert(&it.why)).take(EXPLAINED) {
                let of_type = it.event_type.map(|it| format!("{it}: ")).unwrap_or_default();
                let lead =
                    if numbers.len() == 1 { "  ".to_owned() } else { format!("  {unit} {}: ", it.number) };
                page += &out::paragraph(&lead, &format!("{of_type}{}", it.why), width);
            }
        }
        page
    }

    /// What to know, and how to go on.
    fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        let unit = self.unit();
        if let Some(row) = self.sheet.as_ref().and_then(|sheet| sheet.given_up_at) {
            advice.push(format!("So much cannot be read that rows from {row} on were not looked at."));
        }
        if self.sheet.is_some() && self.refused.iter().any(|it| it.reason == "ID_TAKEN") {
            advice.push(
                "ID_TAKEN: the row says something else than when it was recorded. What is recorded stays: put the row \
                 back as it was, and say what has changed since with an event of its own."
                    .into(),
            );
        }
        if let Some(dry) = self.dry.as_ref().filter(|dry| !dry.apart.is_empty()) {
            let begins: Vec<_> =
                dry.apart.iter().take(LISTED).map(|place| self.origin(*place).number.to_string()).collect();
            let more = if dry.apart.len() > LISTED { " …" } else { "" };
            advice.push(format!(
                "At most {} events are judged together, each on those before it. What begins at {unit} {}{more} was \
                 judged as if nothing above it had been recorded: where it is refused because something is missing, the \
                 file itself may record that first.",
                out::thousands(MAX_BATCH as u64),
                begins.join(", "),
            ));
        }
        // A sheet with a cell that cannot be read is not posted at all.
        let unread = self.sheet.is_some() && self.refused.iter().any(|it| it.unread);
        advice.push(match (&self.dry, self.refused.is_empty()) {
            (None, true) => return advice,
            (None, false) if self.held_back => format!(
                "A sheet with cells that cannot be read is not posted. Correct these {unit}s, or the mapping, and run \
                 the same command again. With --dry-run, the ledger is asked about the other {unit}s, too."
            ),
            (None, false) => {
                format!("Correct these {unit}s and post the file again: what is recorded is not recorded twice.")
            }
            (Some(_), true) => "Run the same command without --dry-run to record them.".into(),
            (Some(_), false) if unread => format!(
                "Correct these {unit}s, or the mapping, and try again: a sheet with cells that cannot be read is not \
                 posted."
            ),
            (Some(_), false) => {
                format!("Correct these {unit}s and try again; or run without --dry-run to record the others.")
            }
        });
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_full_of_refusals_is_summed_up() {
        let refused = |number| Refused {
            number,
            event_type: None,
            reason: "ID_TAKEN".into(),
            why: format!("at sequence {number}"),
            unread: false,
        };
        let summary = Summary { refused: (1..=5_000).map(refused).collect(), ..Summary::default() };
        let page = summary.text("x.ndjson", "ledgers/acme", 0.1);
        assert!(page.lines().count() < 20, "{page}");
        assert!(page.contains("and 4,988 more"), "{page}");
    }

    #[test]
    fn a_refused_request_names_the_line_that_was_judged() {
        let origins = [7, 8].map(|number| Origin { number, of_row: None });
        let mut summary = Summary { origins: origins.into(), ..Summary::default() };
        let refusal = Refusal {
            reason: "MALFORMED".into(),
            message: "events[1].subject: not a subject".into(),
            index: Some(1),
            passing: false,
            hopeless: false,
            pause: None,
        };
        summary.refuse(&[0, 1], &refusal);
        assert!(summary.refused[0].why.contains("line 8"));
        assert_eq!(
            (summary.refused[1].number, summary.refused[1].why.as_str()),
            (8, "subject: not a subject")
        );
    }
}
