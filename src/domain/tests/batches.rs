//! What only a whole request can show, and the order in which it is recorded.

use proptest::prelude::*;

use super::says::*;
use crate::domain::command::Command;
use crate::domain::decide::{judge_batch, recording_order};
use crate::domain::rejection::Rejection;
use crate::domain::rules::*;

fn commands(said: &[Said]) -> Vec<Command> {
    said.iter().cloned().map(Said::command).collect()
}

#[test]
fn anonymous_release_too_small() {
    let items = |count: u8| (1..=count).map(|n| anonymous("2025-05", n)).collect::<Vec<_>>();
    assert_eq!(judge_batch(&commands(&items(0))), Ok(()));
    for count in 1..=4 {
        let refused = ANONYMOUS_RELEASE_TOO_SMALL.refusal(None);
        assert_eq!(judge_batch(&commands(&items(count))), Err((0, refused)));
    }
    assert_eq!(judge_batch(&commands(&items(5))), Ok(()));
}

#[test]
fn a_release_counts_anonymous_items_only() {
    let mut said = vec![planned("2025-05-01"), received("2025-05-01", 9)];
    said.extend((1..=4).map(|n| anonymous("2025-05", n)));
    assert_eq!(judge_batch(&commands(&said)), Err((2, ANONYMOUS_RELEASE_TOO_SMALL.refusal(None))));
    said.push(anonymous("2025-05", 5));
    assert_eq!(judge_batch(&commands(&said)), Ok(()));
}

#[test]
fn id_twice_in_request() {
    let one = planned("2025-05-01");
    let same = started("2025-05-02").with_id(one.event.id);
    let refused: Rejection = ID_TWICE_IN_REQUEST.at("event_id");
    assert_eq!(judge_batch(&commands(&[one.clone(), same.clone()])), Err((1, refused)));
    assert_eq!(judge_batch(&commands(&[one, same.from("tracker")])), Ok(()));
}

#[test]
fn anonymous_items_take_their_own_places_by_id() {
    let said =
        [anonymous("2025-05", 9), planned("2025-05-01"), anonymous("2025-05", 1), received("2025-05-01", 0)];
    assert_eq!(recording_order(&commands(&said)), [2, 1, 0, 3]);
}

proptest! {
    #[test]
    fn the_recording_order_is_a_permutation_that_moves_anonymous_items_alone(
        kinds in prop::collection::vec((any::<bool>(), any::<u8>()), 0..40)
    ) {
        let said: Vec<_> = kinds
            .iter()
            .map(|&(hidden, n)| if hidden { anonymous("2025-05", n) } else { received("2025-05-01", n) })
            .collect();
        let commands = commands(&said);
        let order = recording_order(&commands);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..commands.len()).collect::<Vec<_>>());
        let hidden: Vec<_> = (0..kinds.len()).filter(|&place| kinds[place].0).collect();
        for (place, &index) in order.iter().enumerate() {
            prop_assert!(kinds[place].0 == kinds[index].0 && (kinds[place].0 || place == index));
        }
        let ids: Vec<_> = hidden.iter().map(|&place| &commands[order[place]].event.subject).collect();
        prop_assert!(ids.is_sorted());
    }
}
