//! Who outside holds a checkpoint of the ledger, by controlling organisation, and how old it is.
//!
//! Invariant: a witness that the ledger's own organisation controls is never counted as outside.

use jiff::{Timestamp, civil::Date};
use std::collections::BTreeMap;

use super::super::Parameters;
use super::super::phrases::{count, day, days_after, short_day};
use super::super::report::{Figure, Table};
use crate::projections::Views;
use crate::projections::outside::Held;

/// An organisation that holds checkpoints.
struct Holder<'v> {
    organisation: &'v str,
    witnesses: Vec<&'v str>,
    /// The checkpoint that reaches furthest.
    furthest: Held,
    own: bool,
}

const NOBODY: &str = "Nobody outside is known to hold a checkpoint of this ledger. A chain that is kept only by its owner \
                      proves nothing against its owner.";

/// By organisation; whoever's checkpoint reaches furthest first.
fn holders<'v>(views: &'v Views, as_known: u64) -> Vec<Holder<'v>> {
    let owner = views.opened().map_or("", |opened| opened.organisation.as_str()).to_lowercase();
    let mut all: BTreeMap<&'v str, Holder<'v>> = BTreeMap::new();
    for (organisation, witness, held) in views.outside.witnesses(as_known) {
        let organisation = organisation.as_str();
        let own = organisation.to_lowercase() == owner;
        let holder = all.entry(organisation).or_insert_with(|| Holder {
            organisation,
            witnesses: Vec::new(),
            furthest: held,
            own,
        });
        holder.witnesses.push(witness.as_str());
        holder.furthest = holder.furthest.max(held);
    }
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|holder| (std::cmp::Reverse(holder.furthest), holder.organisation));
    all
}

/// The day on which a checkpoint was signed; if its time is none, the day on which that was recorded.
fn signed_on(views: &Views, held: Held) -> Date {
    let signed = i64::try_from(held.time).ok().and_then(|time| Timestamp::from_second(time).ok());
    signed.map_or_else(|| views.recorded_on(held.sequence), |signed| views.local_day(signed))
}

pub(super) fn figure(views: &Views, parameters: &Parameters) -> Figure {
    let holders = holders(views, parameters.as_known);
    let (own, outside): (Vec<_>, Vec<_>) = holders.iter().partition(|holder| holder.own);
    let Some(furthest) = outside.first().map(|holder| holder.furthest) else {
        let own = if own.is_empty() { "" } else { " The only witnesses are the organisation's own." };
        return Figure::not_available(format!("{NOBODY}{own}"));
    };
    let n = outside.len() as u64;
    let who = match n {
        1 => "1 organisation outside holds a checkpoint of this ledger".to_owned(),
        n => format!("{n} organisations outside hold a checkpoint of this ledger"),
    };
    let left = match parameters.as_known.saturating_sub(furthest.size) {
        0 => "it counts every record".to_owned(),
        left => format!(
            "the one that reaches furthest counts {} of {} records, and the last {left} only the owner holds",
            furthest.size, parameters.as_known
        ),
    };
    Figure::number(n, "organisations", format!("{who}: {left}."))
        .from_events(outside.iter().map(|holder| holder.furthest.sequence))
}

pub(super) fn age(views: &Views, parameters: &Parameters) -> Figure {
    let holders = holders(views, parameters.as_known);
    let newest =
        holders.iter().filter(|it| !it.own).map(|it| (signed_on(views, it.furthest), it.furthest)).max();
    let Some((on, held)) = newest else {
        return Figure::not_available(
            "No checkpoint is held outside, so there is none whose age could be said.",
        );
    };
    let days = days_after(on, parameters.as_at);
    let text = format!("The newest of them was signed on {}{}.", day(on), before(on, parameters.as_at));
    Figure::number(days, "days", text).from_events([held.sequence])
}

fn before(on: Date, as_at: Date) -> String {
    match days_after(on, as_at) {
        0 if on > as_at => ", after the as-at date".to_owned(),
        0 => ", the as-at date".to_owned(),
        days => format!(", {} before the as-at date", count(days, "day", "days")),
    }
}

pub(super) fn table(views: &Views, parameters: &Parameters) -> Table {
    let mut table = Table::new(
        "r11.outside",
        "Who holds checkpoints of this ledger",
        "No cosignature of any witness is recorded: nobody is known to hold a checkpoint.",
        &[
            ("organisation", "Organisation"),
            ("records", "Records held"),
            ("signed", "Signed on"),
            ("where", "Where"),
            ("witnesses", "Witnesses"),
        ],
    );
    for holder in holders(views, parameters.as_known) {
        let Held { size, sequence, .. } = holder.furthest;
        let place = if holder.own {
            "Not outside: the ledger's own organisation, so it proves nothing against it"
        } else {
            "Outside"
        };
        let cells = vec![
            Figure::words(holder.organisation),
            Figure::share(size, parameters.as_known, "records", format!("{size} of {}", parameters.as_known)),
            Figure::words(short_day(signed_on(views, holder.furthest))),
            Figure::words(place),
            Figure::words(holder.witnesses.join(", ")),
        ];
        let cells = cells.into_iter().map(|cell| cell.from_events([sequence]));
        table.push(format_args!("organisation/{}", holder.organisation), cells.collect());
    }
    table
}
