//! Who judges their own work: posts that are one, or that one person holds.
//!
//! Invariant: what is noticed is marked, never refused. Only posts are known here, never who holds them.

use std::collections::BTreeSet;

use super::{Case, Judged, Mention, World};
use crate::domain::id::{Code, Kind};
use crate::domain::irregularity::Irregularity;
use crate::domain::subject::State;

/// Marks a judgement with `own` if the post that judges is the post whose work it is, and with
/// `SAME_HOLDER` if one person holds both.
pub(super) fn mark<W: World>(
    case: &mut Case<'_, W>,
    judge: &Code,
    judged: &Code,
    own: Irregularity,
) -> Judged<(), W> {
    if judge == judged {
        case.marks.push(own);
    } else if held_by_one_person(case, judge, judged)? {
        case.marks.push(Irregularity::SameHolder);
    }
    Ok(())
}

/// Whether one person holds both posts on the event's day: said by either post, or through a third.
pub(super) fn held_by_one_person<W: World>(
    case: &mut Case<'_, W>,
    one: &Code,
    other: &Code,
) -> Judged<bool, W> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![one.clone()]);
    while let Some(post) = open.pop() {
        if post == *other {
            return Ok(true);
        }
        if seen.insert(post.clone()) {
            open.extend(held_with(case, &post)?);
        }
    }
    Ok(false)
}

/// The posts that are held with this one on the event's day, whichever of the two says so.
fn held_with<W: World>(case: &mut Case<'_, W>, post: &Code) -> Judged<Vec<Code>, W> {
    let subject = Kind::Post.subject(post);
    let mut found = match case.life(&subject)?.state() {
        State::Post(registered) => match registered.on(case.day) {
            Some(term) => term.held_with.clone(),
            None => return Ok(Vec::new()),
        },
        _ => return Ok(Vec::new()),
    };
    for fact in case.mentioned_by(&Mention::Subject(subject))? {
        if let State::Post(other) = case.life(&fact.event.subject)?.state()
            && other.on(case.day).is_some_and(|term| term.held_with.contains(post))
        {
            found.push(fact.event.subject.id().clone());
        }
    }
    Ok(found)
}
