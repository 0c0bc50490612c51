//! How far the work was said to be, now and then. It never changes what an action is. Invented.

use jiff::civil::Date;

use super::super::super::cast::TRACKER;
use super::super::super::pen::{Year, day, event};
use crate::grpc::wire::{ActionProgressReported, event::Payload};

/// On, which action, by which post, how it stands, per cent.
const PROGRESS: [(Date, &str, &str, &str, u32); 9] = [
    (day(7, 23), "council-webinars", "head-of-partnerships", "on-track", 50),
    (day(8, 6), "rest-spaces", "workplace-lead", "waiting", 40),
    (day(9, 2), "workload-review", "head-of-people", "at-risk", 60),
    (day(10, 15), "leaders-programme", "head-of-learning", "at-risk", 50),
    (day(10, 16), "skilled-training", "head-of-learning", "delayed", 55),
    (day(12, 8), "partner-principles", "head-of-partnerships", "on-track", 70),
    // Nine tenths done, it was said in December, and in March.
    (day(12, 16), "manager-toolkit", "practice-lead", "on-track", 90),
    (day(3, 4), "leaders-programme", "head-of-learning", "delayed", 60),
    (day(3, 19), "manager-toolkit", "practice-lead", "at-risk", 90),
];

pub(super) fn write(year: &mut Year) {
    for &(on, id, by, progress, percent) in &PROGRESS {
        let reported = ActionProgressReported { progress: progress.into(), percent };
        let payload = Payload::ActionProgressReported(reported);
        year.post(on, TRACKER, vec![event(on, &format!("action/{id}"), by, payload)]);
    }
}
