//! Rules of pledges and commitments.
//!
//! Invariant: what a commitment quotes is what the pledge says, code point for code point; and a new version says of
//! every old promise what becomes of it.

use sha2::Digest;
use std::collections::{BTreeMap, BTreeSet};

use super::links::unique;
use super::mention::list;
use super::{Case, Judged, Mention, World};
use crate::domain::event::{CommitmentMade, Disposition, PledgePublished};
use crate::domain::id::{Code, Kind};
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{State, commitment::Commitment, pledge::Pledge};

pub(super) fn published<W: World>(case: &mut Case<'_, W>, pledge: &PledgePublished) -> Judged<(), W> {
    if pledge.text.is_empty() {
        return Err(rules::PLEDGE_EMPTY.at("pledge_published.text").into());
    }
    if sha2::Sha256::digest(&pledge.text).as_slice() != pledge.sha256.0 {
        return Err(rules::PLEDGE_HASH.at("pledge_published.sha256").into());
    }
    unique(&pledge.principles, "pledge_published.principles")?;
    unique(&pledge.values, "pledge_published.values")?;
    let disposed: Vec<_> = pledge.dispositions.iter().map(|one| &one.commitment).collect();
    unique(&disposed, "pledge_published.dispositions")?;
    match &case.place.before {
        State::Pledge(before) => dispositions(case, pledge, before),
        _ if pledge.dispositions.is_empty() => Ok(()),
        _ => Err(rules::FIRST_VERSION_DISPOSES.at("pledge_published.dispositions").into()),
    }
}

/// One disposition for every commitment of the earlier versions that is not closed, and none for one that an event of
/// its own closed. (That none is for one that an earlier version closed is judged by the replay.)
fn dispositions<W: World>(
    case: &mut Case<'_, W>,
    published: &PledgePublished,
    before: &Pledge,
) -> Judged<(), W> {
    let commitments = commitments(case, published.version)?;
    let day = case.day;
    for (index, one) in published.dispositions.iter().enumerate() {
        let Some(commitment) = commitments.get(&one.commitment) else {
            let field = format!("pledge_published.dispositions[{index}].commitment");
            let reference = Kind::Commitment.subject(&one.commitment);
            let of = case.subject();
            return Err(
                Rejection::unknown(field, format_args!("{reference} of an earlier version of {of}")).into()
            );
        };
        // What ended later than this version may have been kept by it, but not ended by it as well.
        if let Some(end) = &commitment.end
            && (end.on <= day || one.disposition != Disposition::Kept)
        {
            return Err(rules::COMMITMENT_ALREADY_CLOSED.refusal(Some(end.sequence)).into());
        }
    }
    let disposed = |id: &Code| published.dispositions.iter().any(|one| one.commitment == *id);
    let ended = |one: &Commitment| one.end.as_ref().is_some_and(|end| end.on <= day);
    let forgotten = commitments
        .iter()
        .find(|(id, one)| !before.closed.contains_key(id) && !ended(one) && !disposed(id))
        .map(|(_, one)| one.sequence);
    match forgotten {
        Some(made) => Err(rules::COMMITMENT_WITHOUT_DISPOSITION.refusal(Some(made)).into()),
        None => Ok(()),
    }
}

/// The standing commitments of this pledge from versions before that one.
fn commitments<W: World>(case: &mut Case<'_, W>, version: u32) -> Judged<BTreeMap<Code, Commitment>, W> {
    let pledge = case.subject().clone();
    let mut found = BTreeMap::new();
    for fact in case.mentioned_by(&Mention::Subject(pledge.clone()))? {
        let life = case.life(&fact.event.subject)?;
        match life.state() {
            State::Commitment(made) if made.pledge == *pledge.id() && made.pledge_version < version => {
                found.insert(fact.event.subject.id().clone(), made.clone());
            }
            _ => {}
        }
    }
    Ok(found)
}

pub(super) fn made<W: World>(case: &mut Case<'_, W>, made: &CommitmentMade) -> Judged<(), W> {
    let pledge = Kind::Pledge.subject(&made.pledge);
    let life = case.known(&pledge, "commitment_made.pledge")?;
    let edition = match life.state() {
        State::Pledge(pledge) => pledge.edition(made.pledge_version),
        _ => None,
    };
    let Some((edition, text)) = edition.and_then(|edition| Some((edition, edition.publication()?))) else {
        let version = made.pledge_version;
        let reference = format_args!("version {version} of {pledge}");
        return Err(Rejection::unknown("commitment_made.pledge_version", reference).into());
    };
    quote(made, &text.text)?;
    unique(&made.principles, "commitment_made.principles")?;
    if let Some(index) = made.principles.iter().position(|one| !text.principles.contains(one)) {
        return Err(rules::PRINCIPLE_UNKNOWN.at(format!("commitment_made.principles[{index}]")).into());
    }
    if case.day < edition.published_on {
        return Err(rules::PLEDGE_NOT_YET_PUBLISHED.refusal(Some(edition.sequence)).into());
    }
    case.post(&made.owner_post, "commitment_made.owner_post")?;
    case.codes(list::AUDIENCE, &made.audience, "commitment_made.audience")?;
    let delivers: Vec<_> = made.delivers.iter().map(|delivery| &delivery.commitment).collect();
    unique(&delivers, "commitment_made.delivers")?;
    for (index, id) in delivers.into_iter().enumerate() {
        let field = format!("commitment_made.delivers[{index}].commitment");
        if id == case.subject().id() {
            return Err(rules::DELIVERS_ITSELF.at(field).into());
        }
        case.known(&Kind::Commitment.subject(id), &field)?;
    }
    delivers_no_circle(case, made)
}

/// A making can be voided and made again, so what it delivers can deliver it; reports walk the links, so they must end.
fn delivers_no_circle<W: World>(case: &mut Case<'_, W>, made: &CommitmentMade) -> Judged<(), W> {
    let own = case.subject().id().clone();
    let mut open: Vec<_> = made.delivers.iter().map(|delivery| delivery.commitment.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let life = case.life(&Kind::Commitment.subject(&id))?;
        let State::Commitment(commitment) = life.state() else { continue };
        if commitment.delivers.contains(&own) {
            return Err(rules::DELIVERY_CIRCLE.refusal(Some(commitment.sequence)).into());
        }
        open.extend(commitment.delivers.iter().cloned());
    }
    Ok(())
}

/// The quote stands at its span, counted in code points, end exclusive.
fn quote(made: &CommitmentMade, text: &str) -> Result<(), Rejection> {
    let (start, end) = (made.span_start as usize, made.span_end as usize);
    if end <= start {
        return Err(rules::SPAN_EMPTY.at("commitment_made.span_end"));
    }
    let said = text.chars().skip(start).take(end - start);
    // The length tells a quote that ends with the text from one that claims to go on behind it.
    if said.eq(made.quote.chars()) && made.quote.chars().count() == end - start {
        Ok(())
    } else {
        Err(rules::QUOTE_NOT_AT_SPAN.at("commitment_made.quote"))
    }
}
