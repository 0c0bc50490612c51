//! Release points, whatever the order in which they are recorded.

use jiff::ToSpan;
use proptest::prelude::*;

use super::given;
use super::says::*;
use super::says_operation::release_point;
use crate::domain::decide::decide;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Also: a point that follows the last one is never refused.
    #[test]
    fn given_points_in_any_order_when_declared_then_those_taken_follow_each_other_apart_and_count_up(
        points in prop::collection::vec((0..300_i64, 1..12_u64), 1..25),
    ) {
        let mut ledger = given([]).at("2027-06-15T12:00:00Z").ledger;
        let mut taken: Vec<(i64, u64)> = Vec::new();
        for (index, (offset, position)) in points.into_iter().enumerate() {
            let on = day("2026-06-15").checked_add(offset.days()).unwrap();
            let command = release_point(&format!("p{index}"), &on.to_string(), position).command();
            let fits = taken.iter().all(|&(other, held)| {
                offset - other >= 28 && held <= position
            });
            let judged = decide(&mut ledger, &command).unwrap();
            prop_assert_eq!(judged.is_ok(), fits, "{:?} after {:?}", (offset, position), &taken);
            if let Ok(decision) = judged {
                ledger.record(&command, decision);
                taken.push((offset, position));
            }
        }
    }
}
