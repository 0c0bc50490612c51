//! What stands behind figures and changes, and what was issued, on its way out.

use super::envelope::occurred_message;
use super::field::{all, day, instant, shown};
use crate::domain::command::Recorded;
use crate::domain::event::ReportIssued;
use crate::grpc::wire;
use crate::reports::explain::{Eyes, Released};
use crate::reports::trace::{Item, Linked, Step, Told, Trace, Voice, Work};

/// An event behind a figure, as far as those eyes may see it.
pub(in crate::grpc) fn event(fact: &Recorded, eyes: Eyes) -> wire::ExplainedEvent {
    let mut event = wire::ExplainedEvent {
        sequence: fact.sequence,
        r#type: fact.event.payload.event_type().as_str().to_owned(),
        subject: shown(&fact.event.subject),
        occurred: Some(occurred_message(fact.event.occurred)),
        recorded_at: Some(instant(fact.recorded_at)),
        ..Default::default()
    };
    if eyes == Eyes::Auditor {
        event.source = shown(&fact.source);
        event.irregularities = all(&fact.irregularities);
    }
    event
}

/// A release point.
pub(in crate::grpc) fn point(point: &Released) -> wire::ReleasePoint {
    wire::ReleasePoint {
        id: point.id.clone(),
        on: Some(day(point.on)),
        position: point.position,
        sequence: point.sequence,
    }
}

/// What is traced; each step with the proof that is found for its event.
pub(in crate::grpc) fn trace(
    trace: &Trace,
    proof: &dyn Fn(u64) -> Option<wire::RecordProof>,
) -> (Vec<wire::TracedWork>, Vec<wire::TracedItem>) {
    let step = |step: &Step| wire::TracedStep {
        what: step.what.clone(),
        on: Some(day(step.on)),
        sequence: step.sequence,
        proof: proof(step.sequence),
    };
    let work = |work: &Work| wire::TracedWork {
        subject: shown(&work.subject),
        title: work.title.clone(),
        because: work.because.to_owned(),
        steps: work.steps.iter().map(step).collect(),
        voice: Some(voice(&work.voice)),
    };
    let link = |link: &Linked| wire::TracedLink {
        to: shown(&link.to),
        since: Some(day(link.since)),
        sequence: link.sequence,
    };
    let item = |item: &Item| wire::TracedItem {
        subject: shown(&item.subject),
        whom: item.whom.to_owned(),
        gone: item.gone,
        steps: item.steps.iter().map(step).collect(),
        links: item.links.iter().map(link).collect(),
    };
    (trace.works.iter().map(work).collect(), trace.items.iter().map(item).collect())
}

fn voice(voice: &Voice) -> wire::TracedVoice {
    let told = |told: &Told| wire::TracedTold { how: told.how.to_owned(), items: told.items };
    wire::TracedVoice {
        words: voice.words.clone(),
        release_point: voice.point.as_ref().map(point),
        items: voice.items,
        told: voice.told.iter().map(told).collect(),
    }
}

/// What the record of an issue says.
pub(in crate::grpc) fn issue(id: &str, sequence: u64, issued: &ReportIssued) -> wire::IssuedReport {
    wire::IssuedReport {
        id: id.to_owned(),
        report: shown(&issued.report),
        release_point: issued.release_point.as_ref().map(shown).unwrap_or_default(),
        as_at: Some(day(issued.as_at)),
        as_known: issued.as_known,
        definition_version: issued.definition_version,
        sha256: issued.sha256.0.to_vec(),
        suppressed_cells: issued.suppressed_cells,
        sequence,
        ..Default::default()
    }
}
