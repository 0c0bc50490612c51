//! What the demo prints: who posted what, what a poster is told, the reports, the verdict, and what to try next.
//!
//! Invariant: EXAMPLE DATA stands first; every command that it prints works as printed.

use std::{net::SocketAddr, path::Path, time::Duration};

use super::{LEDGER, SECOND, pen::OPERATOR, play::Tally, stage::Year};
use crate::cli::{
    out::{self, Align},
    verify::Verified,
};
use crate::domain::irregularity::Irregularity;
use crate::reports::{self, Format, Report};

/// Refusals that are shown.
const SHOWN: usize = 6;

/// Everything that is printed.
pub(super) struct Page<'a> {
    pub(super) data: &'a Path,
    pub(super) replaced: bool,
    pub(super) years: &'a [Year],
    pub(super) verified: &'a [Verified],
    /// Where a server will go on, if one will.
    pub(super) served: Option<SocketAddr>,
}

impl Page<'_> {
    /// For people.
    pub(super) fn text(&self, width: usize, took: Duration) -> String {
        let mut page = self.banner(width, took);
        for (number, year) in self.years.iter().enumerate() {
            page += &format!("\n{}\n", "=".repeat(width));
            page += &opening(number + 1, year, width);
            page += &posted(year, width);
            page += &refused(year, width);
            for report in &year.reports {
                page += &format!("\n{}\n\n", "=".repeat(width));
                let (mut short, left_out) = shortened(report, year.story.ledger);
                short.notes.extend(left_out.map(str::to_owned));
                page += &reports::render(&short, Format::Text, width as u16);
            }
            page += &surprises(year, width);
        }
        page += &format!("\n{}\n", "=".repeat(width));
        page += &out::heading("The files of both ledgers, verified");
        let verdicts: Vec<_> = self.verified.iter().map(|it| it.text(width)).collect();
        page += &verdicts.join("\n");
        page += &self.next();
        page
    }

    fn banner(&self, width: usize, took: Duration) -> String {
        let mut page = out::strong(reports::render::EXAMPLE_DATA) + "\n";
        let replaced = if self.replaced { "An earlier demo was replaced. " } else { "" };
        let how = format!(
            "{replaced}Two ledgers of the financial year 2025-26 were posted on a simulated clock, through gRPC, to a \
             real server on {} in {:.1} seconds. The events and their ids are the same in every run; the ledger adds \
             random bytes to each record, so the hashes are not.",
            self.data.display(),
            took.as_secs_f64()
        );
        page += &out::paragraph("", &how, width);
        page
    }

    fn next(&self) -> String {
        let data = quoted(self.data);
        let mut page = out::heading("Try next");
        if let Some(listen) = self.served {
            page += "A server starts on it now; in another terminal:\n";
            page += &format!("  pledgebook ledger list --server http://{listen}\n");
        }
        let [first, second] = [LEDGER, SECOND].map(|ledger| quoted(&self.data.join(ledger)));
        page += &format!("  pledgebook report r2 --data {first} --as-at 2025-12-31\n");
        page += &format!("  pledgebook report r1 --data {first} --as-at 2026-03-31 \\\n");
        page += "      --format html --out pledge.html\n";
        page += &format!("  pledgebook report r1 --data {second} --as-at 2025-12-31\n");
        page += "  pledgebook report list\n";
        page += &format!("  pledgebook verify {data}\n");
        page
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let ledgers: Vec<_> =
            self.years.iter().zip(self.verified).map(|(year, verified)| object(year, verified)).collect();
        let object = serde_json::json!({"example_data": true, "data": self.data.display().to_string(),
            "ledgers": ledgers});
        format!("{object}\n")
    }
}

fn object(year: &Year, verified: &Verified) -> serde_json::Value {
    let played = &year.played;
    let posted: Vec<_> = played
        .tallies
        .iter()
        .map(|(source, it)| {
            serde_json::json!({"source": source, "recorded": it.recorded, "flagged": it.flagged,
                "repeated": it.repeated, "refused": it.refused})
        })
        .collect();
    let refusals: Vec<_> = played
        .refusals
        .iter()
        .map(|it| serde_json::json!({"source": it.source, "reason": it.reason, "message": it.message}))
        .collect();
    let verdict = serde_json::from_str::<serde_json::Value>(&verified.json()).unwrap_or_default();
    serde_json::json!({"example_data": true, "ledger": verified.name.clone(), "posted": posted,
        "marks": played.marks, "refusals": refusals, "surprises": played.surprises, "reports": year.reports,
        "verification": verdict})
}

/// Whose ledger it is, and what of it is real.
fn opening(number: usize, year: &Year, width: usize) -> String {
    let story = &year.story;
    let name = format!("{number}. {} (ledger {}), EXAMPLE DATA", story.organisation, story.ledger);
    out::heading(&name) + &out::paragraph("", story.about, width)
}

fn posted(year: &Year, width: usize) -> String {
    let columns = [
        ("Posting system", Align::Left),
        ("Recorded", Align::Right),
        ("Flagged", Align::Right),
        ("Repeated", Align::Right),
        ("Refused", Align::Right),
    ];
    let row = |name: &str, it: Tally| {
        let figures = [it.recorded, it.flagged, it.repeated, it.refused].map(out::thousands);
        std::iter::once(name.to_owned()).chain(figures).collect::<Vec<_>>()
    };
    let played = &year.played;
    let tally = |source: &str| played.tallies.get(source).copied();
    let sources = year.story.sources.iter().map(|(source, ..)| (*source, tally(source).unwrap_or_default()));
    let operator = tally(OPERATOR).map(|it| ("(the operator)", it));
    let mut rows: Vec<_> = sources.chain(operator).map(|(name, it)| row(name, it)).collect();
    let all = played.tallies.values().fold(Tally::default(), |sum, it| Tally {
        recorded: sum.recorded + it.recorded,
        repeated: sum.repeated + it.repeated,
        refused: sum.refused + it.refused,
        flagged: sum.flagged + it.flagged,
    });
    rows.push(row("all", all));
    let mut page = out::heading("Who posted what");
    page += &out::table(&columns, &rows, width);
    page += "\n";
    if year.story.ledger == LEDGER {
        page += &out::paragraph(
            "",
            "Flagged: it happened, so it is recorded, and marked. Repeated: sent again after a lost connection; \
             nothing is recorded twice. Refused: it cannot be true or cannot be understood.",
            width,
        );
    }
    let columns = [("Mark", Align::Left), ("Times", Align::Right), ("What happened", Align::Left)];
    let marks = played.marks.iter();
    let rows: Vec<_> = marks
        .map(|(mark, times)| {
            let what = Irregularity::parse(mark).map_or("", happened);
            vec![mark.clone(), out::thousands(*times), what.to_owned()]
        })
        .collect();
    page + "\n" + &out::table(&columns, &rows, width)
}

/// What a mark says, as a chief executive would.
const fn happened(mark: Irregularity) -> &'static str {
    match mark {
        Irregularity::LateRecorded => "said after something later had been said of it",
        Irregularity::Unapproved => "a policy came into force and nobody had approved it",
        Irregularity::NoAnonymousRoute => "people were asked and could not stay anonymous",
        Irregularity::SelfVerified => "verified by whoever owns it",
        Irregularity::SameHolder => "judged by another post of the same person",
        Irregularity::SameSource => "verified in the system that had said it was done",
        Irregularity::NoEvidence => "said to be done, with nothing to show",
        Irregularity::BackdatedDeadline => "a deadline moved after the event; it does not clear lateness",
        Irregularity::ClockBehind => "the ledger's clock was behind its last record",
        Irregularity::OverCapacity => "more attendances than seats",
        Irregularity::SelfAssessed => "reviewed by whoever owns it",
        Irregularity::MoreResponsesThanInvited => "more answered than were asked",
        Irregularity::SelfUpheld => "doubted evidence upheld by whoever had attached it",
        Irregularity::StatementMismatch => "a system counts other events than the ledger holds",
    }
}

fn refused(year: &Year, width: usize) -> String {
    let refusals = &year.played.refusals;
    let mut page = out::heading("What a poster is told");
    // One of each reason says more than the first few of one.
    let mut seen = std::collections::BTreeSet::new();
    let firsts: Vec<_> = refusals.iter().filter(|told| seen.insert(&told.reason)).take(SHOWN).collect();
    for told in &firsts {
        page += &out::paragraph("", &format!("{}, {}", told.source, told.tried), width);
        page += &out::paragraph("  ", &format!("{}: {}", told.reason, told.message), width);
    }
    match refusals.len() - firsts.len() {
        0 => page,
        more => page + &format!("… and {}.\n", out::count(more as u64, "refusal more", "refusals more")),
    }
}

fn surprises(year: &Year, width: usize) -> String {
    let surprises = &year.played.surprises;
    if surprises.is_empty() {
        return String::new();
    }
    let mut page = out::heading("Not as the script meant it: this is a defect");
    for surprise in surprises {
        page += &out::paragraph("- ", surprise, width);
    }
    page
}

/// What is kept of R1 in the first story: how each line is reviewed and measured, when something was last done.
const LINES: &[&str] = &["commitment", "review", "measure", "last_evidence", "open", "value", "target"];
/// And in the second, whose promises end.
const ENDS: &[&str] = &["commitment", "kind", "review", "lineage", "last_evidence"];
/// Rows of a table that are shown of the other reports.
const ROWS: usize = 16;

/// A report as far as a chief executive reads it in the demo, and what was left out. Nothing is worked out anew.
fn shortened(report: &Report, ledger: &str) -> (Report, Option<&'static str>) {
    let mut short = report.clone();
    let left_out = match report.code.as_str() {
        "R1" => {
            let kept = if ledger == LEDGER { LINES } else { ENDS };
            for table in &mut short.tables {
                table.columns.retain(|column| kept.contains(&column.id.as_str()));
                let keeps = |cell: &reports::Figure| kept.contains(&cell.id.as_str());
                table.rows.iter_mut().for_each(|row| row.cells.retain(keeps));
            }
            "Shortened here: without quotations and most columns; `report r1` has them."
        }
        "R2" => {
            let late = |row: &reports::Row| {
                row.cells
                    .iter()
                    .any(|cell| cell.id == "late_first" && cell.number.is_some_and(|days| days > 0.0))
            };
            for table in &mut short.tables {
                table.rows.retain(late);
            }
            "Shortened here: only what is late is listed; `report r2` lists every action."
        }
        _ if report.tables.iter().any(|table| table.rows.len() > ROWS) => {
            short.tables.iter_mut().for_each(|table| table.rows.truncate(ROWS));
            "Shortened here: of each table the first sixteen rows; `report` lists all of them."
        }
        _ => return (short, None),
    };
    (short, Some(left_out))
}

/// A path that a shell takes as it is.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '=' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_when_a_shell_would_part_it() {
        assert_eq!(quoted(Path::new("./pledgebook-demo")), "./pledgebook-demo");
        assert_eq!(quoted(Path::new("/tmp/my demo")), "'/tmp/my demo'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
