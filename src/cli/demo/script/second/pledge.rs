//! Northmoor's pledge, in two versions, and what each promises. Invented.
//!
//! Invariant: every quote is cut from the text, and stands in it once. The second version says of every promise that is
//! still open what becomes of it.

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::super::super::pen::{Year, day, event, texts};
use super::{CLERK, OPENING, REGISTER};
use crate::grpc::wire::{
    CommitmentDisposition, CommitmentKind, CommitmentMade, Disposition, Event, PledgePublished,
    event::Payload,
};

const FIRST: &str = "Northmoor's library pledge (EXAMPLE DATA: the place and its pledge are invented)\n\n\
    Our libraries are for everybody. We will be open and welcoming.\n\n\
    We will keep a quiet hour in every library. \
    We will print opening hours in the languages that our readers speak. \
    We will put a ramp beside the steps of Harbour Library. \
    We will publish a plan for opening on Sundays. \
    We will train everybody who works at a front desk. \
    We will ask our readers every year what should change. \
    We will lend without late fees. \
    We will plant a reading garden at Kirk Street.\n";

const SECOND: &str = "Northmoor's library pledge (EXAMPLE DATA: the place and its pledge are invented)\n\n\
    Our libraries are for everybody. We will be open and welcoming.\n\n\
    We will keep a quiet hour in every library, and print opening hours in the languages that our readers speak. \
    We will open two libraries on Sundays by May 2026. \
    We will train everybody who meets readers, volunteers included. \
    We will ask our readers every year what should change. \
    We will lend without late fees.\n";

use CommitmentKind::{Continuing, Milestone};

/// A promise: id, title, its words, its kind, who answers for it.
type Promise = (&'static str, &'static str, &'static str, CommitmentKind, &'static str);

const PROMISES: [Promise; 8] = [
    ("N1", "A quiet hour in every library", "keep a quiet hour in every library", Continuing, "library-lead"),
    (
        "N2",
        "Opening hours in readers' languages",
        "print opening hours in the languages that our readers speak",
        Continuing,
        "library-lead",
    ),
    (
        "N3",
        "A ramp at Harbour Library",
        "put a ramp beside the steps of Harbour Library",
        Milestone,
        "estates-lead",
    ),
    ("N4", "A plan for Sundays", "publish a plan for opening on Sundays", Milestone, "library-lead"),
    (
        "N5",
        "Front desks are trained",
        "train everybody who works at a front desk",
        Continuing,
        "library-lead",
    ),
    (
        "N6",
        "Readers are asked every year",
        "ask our readers every year what should change",
        Continuing,
        CLERK,
    ),
    ("N7", "No late fees", "lend without late fees", Milestone, "library-lead"),
    (
        "N8",
        "A reading garden at Kirk Street",
        "plant a reading garden at Kirk Street",
        Milestone,
        "estates-lead",
    ),
];

const LATER: [Promise; 2] = [
    (
        "N9",
        "Two libraries open on Sundays",
        "open two libraries on Sundays by May 2026",
        Milestone,
        "library-lead",
    ),
    (
        "N10",
        "Whoever meets readers is trained",
        "train everybody who meets readers, volunteers included",
        Continuing,
        "library-lead",
    ),
];

/// What the second version means for each promise that is open then: N2, N3 and N8 ended before.
const DISPOSITIONS: [(&str, Disposition); 5] = [
    ("N1", Disposition::Kept),
    ("N4", Disposition::Kept),
    ("N5", Disposition::Superseded),
    ("N6", Disposition::Kept),
    ("N7", Disposition::Kept),
];

/// The day of the second version.
const AGAIN: Date = day(1, 14);

pub(super) fn write(year: &mut Year) {
    year.post(OPENING, REGISTER, vec![published(OPENING, 1, FIRST, &[])]);
    let made = PROMISES.iter().map(|promise| made(OPENING, 1, FIRST, promise));
    year.post(OPENING, REGISTER, made.collect());
    year.post(AGAIN, REGISTER, vec![published(AGAIN, 2, SECOND, &DISPOSITIONS)]);
    let made = LATER.iter().map(|promise| self::made(AGAIN, 2, SECOND, promise));
    year.post(AGAIN, REGISTER, made.collect());
}

/// The second version, if it had forgotten a promise.
pub(super) fn forgetful(on: Date) -> Event {
    published(on, 2, SECOND, &DISPOSITIONS[1..])
}

fn published(on: Date, version: u32, text: &str, dispositions: &[(&str, Disposition)]) -> Event {
    let disposition = |&(commitment, disposition): &(&str, Disposition)| CommitmentDisposition {
        commitment: commitment.to_owned(),
        disposition: disposition.into(),
    };
    let pledge = PledgePublished {
        title: "Northmoor's library pledge".into(),
        version,
        text: text.into(),
        sha256: Sha256::digest(text).to_vec(),
        principles: texts(&["open", "welcoming"]),
        values: Vec::new(),
        dispositions: dispositions.iter().map(disposition).collect(),
    };
    event(on, "pledge/libraries", CLERK, Payload::PledgePublished(pledge))
}

fn made(on: Date, version: u32, text: &str, &(id, title, words, kind, owner): &Promise) -> Event {
    let start = text.find(words).map_or(0, |byte| text[..byte].chars().count() as u32);
    let made = CommitmentMade {
        title: title.into(),
        pledge: "libraries".into(),
        pledge_version: version,
        quote: words.into(),
        span_start: start,
        span_end: start + words.chars().count() as u32,
        kind: kind.into(),
        owner_post: owner.into(),
        audience: texts(if matches!(id, "N5" | "N10") { &["staff"] } else { &["readers"] }),
        principles: if id == "N1" { texts(&["welcoming"]) } else { Vec::new() },
        delivers: Vec::new(),
    };
    event(on, &format!("commitment/{id}"), CLERK, Payload::CommitmentMade(made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_promise_then_its_words_stand_in_its_text_once() {
        for (text, promises) in [(FIRST, &PROMISES[..]), (SECOND, &LATER[..])] {
            assert!(promises.iter().all(|promise| text.matches(promise.2).count() == 1));
        }
    }
}
