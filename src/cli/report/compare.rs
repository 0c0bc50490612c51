//! `pledgebook report compare`: a report's headlines side by side, for several periods of a ledger, or for several ledgers
//! each at a stated position.

use anyhow::{anyhow, bail};
use clap::{ArgGroup, Args};
use jiff::civil::Date;

use super::{Output, Place, Question, asking::Seen, name};
use crate::cli::Outcome;
use crate::reports::{self, Content, Period, ReportName};

/// Set a report's headlines side by side: several periods of a ledger, or several ledgers.
///
/// A period that is over is told as at its last day, the one that runs as at --as-at. Nothing is ranked, added up or
/// subtracted, and what a report holds back to protect people stays held back.
#[derive(Args)]
#[command(group(ArgGroup::new("columns").required(true).args(["periods", "ledgers"])))]
#[command(after_help = "Example:
  pledgebook report compare r2 --data ./pledgebook-demo \\
      --ledger improvement-service --periods '2024-25,2025-26'
  pledgebook report compare r5 --data ./pledgebook-demo \\
      --ledgers 'improvement-service@300,northmoor-council'")]
pub(super) struct Compare {
    /// r1 to r12, or a report by name.
    name: String,
    /// Financial years or quarters, in the order of the columns.
    #[arg(long, value_name = "PERIODS", value_delimiter = ',', value_parser = Period::parse)]
    periods: Vec<Period>,
    /// Ledgers, in the order of the columns; NAME@N is what NAME held when it had N events.
    #[arg(long, value_name = "NAME[@N]", value_delimiter = ',')]
    ledgers: Vec<String>,
    /// Of --periods: the ledger's name; with --data it may be left out if there is only one.
    #[arg(long, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    /// Of --periods: what the ledger held, its first N events [default: all].
    #[arg(long, value_name = "N", conflicts_with = "ledgers")]
    as_known: Option<u64>,
    /// Of --ledgers: the period [default: the year of --as-at].
    #[arg(long, value_name = "PERIOD", value_parser = Period::parse, conflicts_with = "periods")]
    period: Option<Period>,
    /// What had happened by the end of this day [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_at: Option<Date>,
    /// For silence: after how many days without an event somebody is called silent [default: 90].
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    output: Output,
}

impl Compare {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let name = name(&self.name)?;
        let columns = if self.ledgers.is_empty() { self.by_period(name)? } else { self.by_ledger(name)? };
        let comparison = reports::compare(&columns)?;
        self.output.write(Content::Comparison(&comparison))
    }

    fn by_period(&self, name: ReportName) -> anyhow::Result<Vec<(String, reports::Report)>> {
        let today = self.as_at.unwrap_or_else(|| jiff::Zoned::now().date());
        let seen = Seen { as_at: None, as_known: self.as_known };
        let mut question = Question { seen, days: self.days, ..Question::default() };
        let ledger = self.place.ledger(self.ledger.as_deref())?;
        let mut columns = Vec::new();
        for period in &self.periods {
            if period.first_day() > today {
                bail!("--periods: {period} has not begun by {today}; leave it out, or say --as-at");
            }
            question.period = Some(*period);
            // Of the one that runs, the ledger knows its own today.
            question.seen.as_at =
                if period.last_day() < today { Some(period.last_day()) } else { self.as_at };
            let report = ledger.report(name, &question)?;
            // Every column on the same records, though the ledger may grow meanwhile.
            question.seen.as_known = Some(report.as_known);
            columns.push((period.to_string(), report));
        }
        Ok(columns)
    }

    fn by_ledger(&self, name: ReportName) -> anyhow::Result<Vec<(String, reports::Report)>> {
        let mut columns: Vec<(String, reports::Report)> = Vec::new();
        let seen = Seen { as_at: self.as_at, as_known: None };
        let mut question = Question { seen, period: self.period, days: self.days, ..Question::default() };
        for asked in &self.ledgers {
            let (ledger, position) = match asked.split_once('@') {
                None => (asked.as_str(), None),
                Some((ledger, position)) => {
                    let position = position.parse().map_err(|_| {
                        anyhow!(
                            "--ledgers {asked}: after the @ stands a number of events, such as {ledger}@300"
                        )
                    })?;
                    (ledger, Some(position))
                }
            };
            question.seen.as_known = position;
            let report = self.place.ledger(Some(ledger))?.report(name, &question)?;
            // Every column about the same day and time.
            question.seen.as_at = Some(report.as_at);
            question.period = Period::parse(&report.period).ok();
            let label = position.map_or_else(|| ledger.to_owned(), |_| asked.clone());
            columns.push((label, report));
        }
        Ok(columns)
    }
}
