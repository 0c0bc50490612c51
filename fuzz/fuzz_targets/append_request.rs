//! What a poster sends: an event that is accepted is shown in a form that is accepted again and shown the same, and
//! the ledger's stored form of it opens as that event.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pledgebook::grpc::fuzzing::{accept, append};
use pledgebook::journal::codec::{decode, encode_into};

fuzz_target!(|bytes: &[u8]| {
    for accepted in append(bytes).into_iter().flatten() {
        let mut stored = Vec::new();
        assert!(encode_into(&accepted.event, &mut stored).is_ok(), "an accepted event cannot be stored");
        let opened = decode(&stored).ok();
        assert_eq!(opened.as_ref(), Some(&*accepted.event), "a stored event opens as another");
        let again = accept(accepted.shown.clone());
        let shown = again.as_ref().map(|again| &again.shown);
        assert_eq!(shown, Some(&accepted.shown), "what is shown is not accepted as it is");
    }
});
