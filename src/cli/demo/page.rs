//! What the demo prints: who posted what, what a poster is told, the reports, the verdict, and what to try next.
//!
//! Invariant: EXAMPLE DATA stands first; every command that it prints works as printed.

use std::{net::SocketAddr, path::Path, time::Duration};

use super::{cast, play::Tally, stage::Year};
use crate::cli::{
    out::{self, Align},
    verify::{self, Verified},
};
use crate::reports::{self, Format, Report};

/// Refusals that are shown.
const SHOWN: usize = 6;

/// Everything that is printed.
pub(super) struct Page<'a> {
    pub(super) data: &'a Path,
    pub(super) replaced: bool,
    pub(super) year: &'a Year,
    pub(super) verified: &'a Verified,
    /// Where a server will go on, if one will.
    pub(super) served: Option<SocketAddr>,
}

impl Page<'_> {
    /// For people.
    pub(super) fn text(&self, width: usize, took: Duration) -> String {
        let mut page = self.banner(width, took);
        page += &self.posted(width);
        page += &self.refused(width);
        for report in &self.year.reports {
            page += &format!("\n{}\n\n", "=".repeat(width));
            let (mut short, left_out) = shortened(report);
            short.notes.extend(left_out.map(str::to_owned));
            page += &reports::render(&short, Format::Text, width as u16);
        }
        page += &format!("\n{}\n", "=".repeat(width));
        page += &out::heading("The files, verified");
        page += &self.verified.text(width);
        page += &verify::limits(width);
        page += &self.surprises(width);
        page += &self.next();
        page
    }

    fn banner(&self, width: usize, took: Duration) -> String {
        let mut page = out::strong(reports::render::EXAMPLE_DATA) + "\n";
        let about = "The pledge is real: the Improvement Service's own text, word for word. Everything that was done \
            about it in this ledger is invented, and posts are named, never persons.";
        page += &out::paragraph("", about, width);
        let replaced = if self.replaced { "An earlier demo was replaced. " } else { "" };
        let how = format!(
            "{replaced}The financial year 2025-26 was posted on a simulated clock, through gRPC, to a real server on \
             {} in {:.1} seconds. The events and their ids are the same in every run; the ledger adds random bytes to \
             each record, so the hashes are not.",
            self.data.display(),
            took.as_secs_f64()
        );
        page + "\n" + &out::paragraph("", &how, width)
    }

    fn posted(&self, width: usize) -> String {
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
        let tally = |source: &str| self.year.played.tallies.get(source).copied().unwrap_or_default();
        let mut rows: Vec<_> = cast::SOURCES.iter().map(|(source, ..)| row(source, tally(source))).collect();
        let all = self.year.played.tallies.values().fold(Tally::default(), |sum, it| Tally {
            recorded: sum.recorded + it.recorded,
            repeated: sum.repeated + it.repeated,
            refused: sum.refused + it.refused,
            flagged: sum.flagged + it.flagged,
        });
        rows.push(row("all", all));
        let mut page = out::heading("Who posted what");
        page += &out::table(&columns, &rows, width);
        let marks: Vec<_> =
            self.year.played.marks.iter().map(|(mark, number)| format!("{mark} {number}")).collect();
        page += "\n";
        page += &out::paragraph(
            "",
            "Flagged: it happened, so it is recorded, and marked. Repeated: sent again after a lost connection; \
             nothing is recorded twice. Refused: it cannot be true or cannot be understood.",
            width,
        );
        page + &out::paragraph("Marks: ", &marks.join(", "), width)
    }

    fn refused(&self, width: usize) -> String {
        let refusals = &self.year.played.refusals;
        let mut page = out::heading("What a poster is told");
        // One of each reason says more than the first few of one.
        let mut seen = std::collections::BTreeSet::new();
        for told in refusals.iter().filter(|told| seen.insert(&told.reason)).take(SHOWN) {
            page += &out::paragraph("", &format!("{}, {}", told.source, told.tried), width);
            page += &out::paragraph("  ", &format!("{}: {}", told.reason, told.message), width);
        }
        let more = refusals.len().saturating_sub(seen.len().min(SHOWN));
        page + &format!("… and {}.\n", out::count(more as u64, "refusal more", "refusals more"))
    }

    fn surprises(&self, width: usize) -> String {
        let surprises = &self.year.played.surprises;
        if surprises.is_empty() {
            return String::new();
        }
        let mut page = out::heading("Not as the script meant it: this is a defect");
        for surprise in surprises {
            page += &out::paragraph("- ", surprise, width);
        }
        page
    }

    fn next(&self) -> String {
        let data = quoted(self.data);
        let mut page = out::heading("Try next");
        if let Some(listen) = self.served {
            page += "A server starts on it now; in another terminal:\n";
            page += &format!("  pledgebook ledger list --server http://{listen}\n");
        }
        page += &format!("  pledgebook report r2 --data {data} --as-at 2025-12-31\n");
        page += &format!("  pledgebook report r1 --data {data} --as-at 2026-03-31 \\\n");
        page += "      --format html --out pledge.html\n";
        page += &format!("  pledgebook verify {data}\n");
        page
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let played = &self.year.played;
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
        let verdict = serde_json::from_str::<serde_json::Value>(&self.verified.json()).unwrap_or_default();
        let object = serde_json::json!({"example_data": true, "ledger": self.verified.name.to_string(),
            "data": self.data.display().to_string(), "posted": posted, "marks": played.marks,
            "refusals": refusals, "surprises": played.surprises, "reports": self.year.reports,
            "verification": verdict});
        format!("{object}\n")
    }
}

/// A report as far as a chief executive reads it in the demo, and what was left out. R1 keeps of each line when
/// something was last done and how its actions stand; R2 keeps what is late. Nothing is worked out anew.
fn shortened(report: &Report) -> (Report, Option<&'static str>) {
    let mut short = report.clone();
    let left_out = match report.code.as_str() {
        "R1" => {
            for table in &mut short.tables {
                let kept =
                    |id: &str| matches!(id, "commitment" | "last_evidence" | "open" | "claimed" | "verified");
                table.columns.retain(|column| kept(&column.id));
                table.rows.iter_mut().for_each(|row| row.cells.retain(|cell| kept(&cell.id)));
            }
            "Shortened here: without quotations, reviews, measures, owners and lineage; `report r1` has them."
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
