//! `pledgebook trace`: from a change back to the feedback behind it, and forward to what was told to whom.
//!
//! Invariant: single items are shown only to whoever asks with --auditor, offline, too. A proof that is printed was
//! checked here.

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use storage::{Digest, merkle::verify};

use super::{
    Outcome, block_on, client, out,
    report::{
        asking::{Data, Seen, Served},
        explain::{digest, said},
    },
};
use crate::domain::id::Subject;
use crate::grpc::wire::{
    self, RecordProof, TracePolicyChangeRequest, TracePolicyChangeResponse, TracedItem, TracedStep,
    TracedVoice, TracedWork,
};
use crate::reports::{
    explain::{Eyes, Released},
    render::EXAMPLE_DATA,
    trace::{self, Item, Step, Voice, Work},
};

/// Trace a policy change, or an action (practice that changed): why it was proposed, what became of it, whose feedback it
/// answers, and whether those who spoke were told.
///
/// Of feedback it says whose it was, and from the ledger's threshold on how many items, as of the last release point.
/// Single items, with all their steps, are for auditors; they can also begin at one (`feedback/<id>`).
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook trace policy-change/core-hours --ledger improvement-service
  pledgebook trace action/rest-spaces --data ./pledgebook-demo \\
      --ledger improvement-service
  pledgebook trace policy-change/core-hours --ledger improvement-service \\
      --auditor --proofs --json")]
pub(super) struct Trace {
    /// `policy-change/<id>`, `action/<id>`; with --auditor also `feedback/<id>`.
    subject: String,
    #[command(flatten)]
    served: Served,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    seen: Seen,
    /// With an auditor's eyes: each item of feedback. Needs an auditor's token.
    #[arg(long)]
    auditor: bool,
    /// Prove of each event that it is among those that are known.
    #[arg(long, requires = "auditor")]
    proofs: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Trace {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let subject = Subject::parse(&self.subject).map_err(|why| anyhow!("{}: {why}", self.subject))?;
        let found = match &self.data.data {
            Some(data) => self.offline(&subject, data)?,
            None => block_on(self.asked())?,
        };
        check(&found)?;
        out::print(&if self.json { format!("{}\n", json_of(&found)?) } else { text(&found, out::width())? });
        Ok(Outcome::Done)
    }

    async fn asked(&self) -> anyhow::Result<TracePolicyChangeResponse> {
        let request = TracePolicyChangeRequest {
            ledger: self.served.name()?,
            subject: self.subject.clone(),
            as_at: self.seen.day(),
            as_known: self.seen.position(),
            at_least: None,
            auditor: self.auditor,
            proofs: self.proofs,
        };
        let server = self.served.connect().await?;
        let answer = server.reports().trace_policy_change(request).await;
        Ok(answer.map_err(|status| client::failed(&status))?.into_inner())
    }

    /// The same answer from files.
    fn offline(&self, subject: &Subject, data: &Path) -> anyhow::Result<TracePolicyChangeResponse> {
        let ledger = self.served.read(data)?;
        let parameters = self.seen.parameters(&ledger.views);
        let eyes = if self.auditor { Eyes::Auditor } else { Eyes::Reader };
        let found = trace::trace(&ledger.views, &parameters, subject, eyes)?;
        let stand = ledger.stand(parameters.as_known)?;
        let proof = |sequence: u64| {
            let proof = self.proofs.then(|| ledger.proof(sequence, parameters.as_known)).transpose()?;
            anyhow::Ok(proof.map(|(leaf, hashes)| RecordProof {
                leaf_hash: leaf.0.to_vec(),
                hashes: hashes.iter().map(|hash| hash.0.to_vec()).collect(),
            }))
        };
        let step = |step: &Step| {
            anyhow::Ok(TracedStep {
                what: step.what.clone(),
                on: Some(super::report::day(step.on)),
                sequence: step.sequence,
                proof: proof(step.sequence)?,
            })
        };
        let steps = |steps: &[Step]| steps.iter().map(step).collect::<anyhow::Result<Vec<_>>>();
        let work = |work: &Work| {
            anyhow::Ok(TracedWork {
                subject: work.subject.to_string(),
                title: work.title.clone(),
                because: work.because.to_owned(),
                steps: steps(&work.steps)?,
                voice: Some(voice(&work.voice)),
            })
        };
        let item = |item: &Item| {
            let links = item.links.iter().map(|it| wire::TracedLink {
                to: it.to.to_string(),
                since: Some(super::report::day(it.since)),
                sequence: it.sequence,
            });
            anyhow::Ok(TracedItem {
                subject: item.subject.to_string(),
                whom: item.whom.to_owned(),
                gone: item.gone,
                steps: steps(&item.steps)?,
                links: links.collect(),
            })
        };
        Ok(TracePolicyChangeResponse {
            ledger: stand.ledger,
            example_data: ledger.views.opened().is_some_and(|it| it.example_data),
            subject: found.from.to_string(),
            as_at: Some(super::report::day(parameters.as_at)),
            as_known: parameters.as_known,
            root_hash: stand.root.0.to_vec(),
            works: found.works.iter().map(work).collect::<anyhow::Result<_>>()?,
            items: found.items.iter().map(item).collect::<anyhow::Result<_>>()?,
        })
    }
}

fn voice(voice: &Voice) -> TracedVoice {
    let told = |it: &trace::Told| wire::TracedTold { how: it.how.to_owned(), items: it.items };
    let point = |point: &Released| wire::ReleasePoint {
        id: point.id.clone(),
        on: Some(super::report::day(point.on)),
        position: point.position,
        sequence: point.sequence,
    };
    TracedVoice {
        words: voice.words.clone(),
        release_point: voice.point.as_ref().map(point),
        items: voice.items,
        told: voice.told.iter().map(told).collect(),
    }
}

/// Whether every proof holds.
fn check(found: &TracePolicyChangeResponse) -> anyhow::Result<()> {
    let root = digest(&found.root_hash)?;
    let works = found.works.iter().flat_map(|work| &work.steps);
    for step in works.chain(found.items.iter().flat_map(|item| &item.steps)) {
        let Some(proof) = &step.proof else { continue };
        let hashes: Vec<Digest> =
            proof.hashes.iter().map(|hash| digest(hash)).collect::<anyhow::Result<_>>()?;
        verify::inclusion(&digest(&proof.leaf_hash)?, step.sequence, found.as_known, &hashes, &root)
            .map_err(|why| anyhow!("record {}: its proof does not hold: {why}", step.sequence))?;
    }
    Ok(())
}

fn json_of(found: &TracePolicyChangeResponse) -> anyhow::Result<Value> {
    let step = |step: &TracedStep| {
        let mut said = json!({"what": step.what, "on": said(step.on), "sequence": step.sequence});
        if let Some(proof) = &step.proof {
            let hashes: Vec<_> = proof.hashes.iter().map(const_hex::encode).collect();
            said["proof"] = json!({"leaf_hash": const_hex::encode(&proof.leaf_hash), "hashes": hashes});
        }
        said
    };
    let steps = |steps: &[TracedStep]| steps.iter().map(step).collect::<Vec<_>>();
    let work = |work: &TracedWork| {
        json!({"subject": work.subject, "title": work.title, "because": work.because,
            "steps": steps(&work.steps), "feedback": work.voice.as_ref().map(voice_json)})
    };
    let item = |item: &TracedItem| {
        let links = item.links.iter();
        let links = links.map(|it| json!({"to": it.to, "since": said(it.since), "sequence": it.sequence}));
        json!({"subject": item.subject, "whom": item.whom, "gone": item.gone, "steps": steps(&item.steps),
            "links": links.collect::<Vec<_>>()})
    };
    let mut page = json!({
        "ledger": found.ledger, "subject": found.subject, "as_at": said(found.as_at), "as_known": found.as_known,
        "root_hash": digest(&found.root_hash)?.to_string(),
        "works": found.works.iter().map(work).collect::<Vec<_>>(),
        "items": found.items.iter().map(item).collect::<Vec<_>>(),
    });
    if found.example_data {
        page["notice"] = json!(EXAMPLE_DATA);
    }
    Ok(page)
}

fn voice_json(voice: &TracedVoice) -> Value {
    let told: Vec<_> = voice.told.iter().map(|told| json!({"how": told.how, "items": told.items})).collect();
    let point = voice.release_point.as_ref();
    let point = point.map(|it| json!({"id": it.id, "on": said(it.on), "position": it.position}));
    json!({"words": voice.words, "items": voice.items, "told": told, "release_point": point})
}

fn text(found: &TracePolicyChangeResponse, width: usize) -> anyhow::Result<String> {
    let mut page = if found.example_data { format!("{EXAMPLE_DATA}\n\n") } else { String::new() };
    let known = out::count(found.as_known, "event", "events");
    page += &format!("{}: as at {}, as known {known}\n", found.ledger, said(found.as_at));
    page += &format!("Root {}\n", digest(&found.root_hash).context("root")?);
    for work in &found.works {
        page += &out::heading(&format!("{}: {}", work.subject, work.title));
        page += &format!("Because of: {}\n", work.because);
        page += &steps(&work.steps, width);
        let Some(voice) = &work.voice else { continue };
        page += &feedback(voice, width);
    }
    for item in &found.items {
        let gone = if item.gone { " (withdrawn or taken back)" } else { "" };
        page += &out::heading(&format!("{}: {}{gone}", item.subject, item.whom));
        page += &steps(&item.steps, width);
    }
    let mut all = found.works.iter().flat_map(|it| &it.steps);
    if all.next().is_some_and(|step| step.proof.is_some()) {
        let proven = "Each event was proven to be among those that the root above stands for.";
        page += &out::paragraph("\n", proven, width);
    }
    Ok(page)
}

fn steps(steps: &[TracedStep], width: usize) -> String {
    let line = |step: &TracedStep| {
        out::paragraph(
            &format!("  {}  ", said(step.on)),
            &format!("{} (record {})", step.what, step.sequence),
            width,
        )
    };
    steps.iter().map(line).collect()
}

/// Whether there is feedback, and it is not said how much.
fn is_held(voice: &TracedVoice) -> bool {
    voice.items.is_none() && voice.release_point.is_some() && voice.words != trace::NO_FEEDBACK
}

fn feedback(voice: &TracedVoice, width: usize) -> String {
    let as_of = voice.release_point.as_ref();
    let as_of = as_of.map(|it| format!(", as of the release point of {}", said(it.on))).unwrap_or_default();
    let items = voice.items.map(|items| format!(": {}", out::count(items, "item", "items")));
    let held = if is_held(voice) { "; [c] how many is held back" } else { "" };
    let words = format!("{}{}{as_of}{held}.", voice.words, items.unwrap_or_default());
    let mut page = out::paragraph("Feedback: ", &words, width);
    for told in &voice.told {
        let items = told.items.map_or_else(
            || "[c] held back: fewer than the threshold, or next to such a number".to_owned(),
            |items| if items == 0 { "none, or very few".to_owned() } else { items.to_string() },
        );
        page += &out::paragraph("  ", &format!("{}: {items}", told.how), width);
    }
    page
}
