//! The pledge, word for word, and its sixteen commitments at their spans.
//!
//! Invariant: the text is the Improvement Service's own, 2,077 code points, never normalised; every quote is cut from
//! it at its span. Titles, owners and readings are this script's.

use sha2::{Digest as _, Sha256};

use super::super::cast::GOVERNANCE;
use super::super::pen::{Year, day, event, texts};
use crate::grpc::wire::{
    CommitmentKind, CommitmentMade, Delivery, DeliveryBasis, Event, PledgePublished, event::Payload,
};

/// The pledge as it is published.
pub(super) const TEXT: &str = include_str!("../pledge.txt");

/// The principles that the pledge names, in its order.
const PRINCIPLES: [&str; 5] = ["collaboration", "choice", "empowerment", "safety", "trust"];

/// The values that the pledge names.
const VALUES: [&str; 5] = [
    "Equality and Diversity",
    "Leadership and Collaboration",
    "Innovation and Creativity",
    "Wellbeing and Growth",
    "Accountability and Integrity",
];

/// One commitment.
struct Promise {
    id: &'static str,
    span: (u32, u32),
    title: &'static str,
    owner: &'static str,
    audience: &'static [&'static str],
}

const fn promise(
    id: &'static str,
    span: (u32, u32),
    title: &'static str,
    owner: &'static str,
    audience: &'static [&'static str],
) -> Promise {
    Promise { id, span, title, owner, audience }
}

const COMMITMENTS: [Promise; 16] = [
    promise(
        "C1",
        (667, 770),
        "Awareness of the benefits: our own organisation",
        "head-of-learning",
        &["own-organisation"],
    ),
    promise(
        "C2",
        (667, 840),
        "Awareness of the benefits: councils and their partners",
        "head-of-partnerships",
        &["councils", "partners"],
    ),
    promise(
        "C3",
        (855, 1005),
        "Vital for improving outcomes for communities",
        "head-of-partnerships",
        &["services", "systems", "workforce"],
    ),
    promise(
        "C4",
        (1014, 1172),
        "Anyone can be affected, everybody's business: inside",
        "head-of-communications",
        &["own-organisation"],
    ),
    promise(
        "C5",
        (1014, 1172),
        "Anyone can be affected, everybody's business: partners",
        "head-of-partnerships",
        &["partners"],
    ),
    promise("C6", (1193, 1313), "Learning and training: staff", "head-of-learning", &["staff"]),
    promise("C7", (1193, 1313), "Learning and training: leaders", "head-of-learning", &["leaders"]),
    promise("C8", (1289, 1373), "Support to model good practice", "programme-manager", &["staff", "leaders"]),
    promise("C9", (1457, 1495), "Prioritise staff wellbeing", "head-of-people", &["staff"]),
    promise(
        "C10",
        (1501, 1600),
        "Policies and practice: safe, supported, valued",
        "head-of-people",
        &["staff"],
    ),
    promise("C11", (1615, 1740), "The five principles, with each other", "chief-executive", &["staff"]),
    promise(
        "C12",
        (1615, 1774),
        "The five principles, with our partners",
        "head-of-partnerships",
        &["partners"],
    ),
    promise(
        "C13",
        (1795, 1868),
        "Our values reflect the principles",
        "chief-executive",
        &["own-organisation"],
    ),
    promise("C14", (1873, 1974), "Continually seeking feedback", "governance-lead", &["staff"]),
    promise("C15", (1983, 2042), "Awareness of the impact of trauma", "head-of-learning", &["staff"]),
    promise("C16", (1983, 2076), "How to access further support", "head-of-people", &["staff"]),
];

pub(super) fn write(year: &mut Year) {
    let on = day(4, 1);
    let pledge = PledgePublished {
        title: "Trauma-informed pledge".into(),
        version: 1,
        text: TEXT.into(),
        sha256: Sha256::digest(TEXT).to_vec(),
        principles: texts(&PRINCIPLES),
        values: texts(&VALUES),
        dispositions: Vec::new(),
    };
    let published = event(on, "pledge/trauma-informed", "chief-executive", Payload::PledgePublished(pledge));
    year.post(on, GOVERNANCE, vec![published]);
    // In two requests: a commitment can deliver only what has been made.
    let (later, first): (Vec<_>, Vec<_>) = COMMITMENTS.iter().partition(|it| !delivers(it.id).is_empty());
    for part in [first, later] {
        year.post(on, GOVERNANCE, part.into_iter().map(made).collect());
    }
}

fn made(promise: &Promise) -> Event {
    let (start, end) = promise.span;
    let principles =
        if matches!(promise.id, "C11" | "C12" | "C13") { texts(&PRINCIPLES) } else { Vec::new() };
    let made = CommitmentMade {
        title: promise.title.into(),
        pledge: "trauma-informed".into(),
        pledge_version: 1,
        quote: quote(start, end),
        span_start: start,
        span_end: end,
        kind: CommitmentKind::Continuing.into(),
        owner_post: promise.owner.into(),
        audience: texts(promise.audience),
        principles,
        delivers: delivers(promise.id),
    };
    let subject = format!("commitment/{}", promise.id);
    event(day(4, 1), &subject, "governance-lead", Payload::CommitmentMade(made))
}

/// The pledge's words at a span of code points.
pub(super) fn quote(start: u32, end: u32) -> String {
    TEXT.chars().skip(start as usize).take((end - start) as usize).collect()
}

/// "We will do this by …" stands twice in the pledge: before learning and training, where what "this" means is a
/// reading, and before values, feedback and awareness, where the sentence before says it.
fn delivers(id: &str) -> Vec<Delivery> {
    let (served, basis): (&[&str], _) = match id {
        "C6" | "C7" | "C8" => (&["C1", "C2", "C3", "C4", "C5"], DeliveryBasis::Interpreted),
        "C13" | "C14" | "C15" | "C16" => (&["C11", "C12"], DeliveryBasis::Stated),
        _ => (&[], DeliveryBasis::Unspecified),
    };
    served.iter().map(|&id| Delivery { commitment: id.into(), basis: basis.into() }).collect()
}
