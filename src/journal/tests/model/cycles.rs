//! The life cycles once more, as tables of legal steps: what a family's states are called, which step leads where, and
//! nothing else. It predicts, for histories whose links hold by construction, what the journal accepts.
//!
//! Invariant: nothing here asks the domain's states or rules. A history is legal if its standing steps, sorted by day
//! and then by sequence, are each in the table of the state before them; a step is accepted if the history is legal
//! with it.

use std::collections::BTreeSet;

use super::dice::Dice;

/// What is said: a step's name, with the two numbers that some steps need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) a: i64,
    pub(super) b: i64,
}

/// What stands in a history's place of one sequence.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Step(Step),
    /// Takes back what was said there.
    Void(usize),
    /// Says that it happened on another day.
    Move(usize, i64),
}

/// One entry: the day that it gives, and what it says.
pub(super) type Line = (i64, Said);

/// From a state, by a step, to a state; `*` is any state but `none`.
type Table = &'static [(&'static str, &'static str, &'static str)];

pub(super) struct Family {
    pub(super) name: &'static str,
    table: Table,
    /// Every step with the ends of its two numbers.
    steps: &'static [(&'static str, i64, i64)],
}

pub(super) const FAMILIES: [Family; 10] = [
    Family {
        name: "action",
        table: &[
            ("none", "plan", "planned"),
            ("planned", "start", "in progress"),
            ("reopened", "start", "in progress"),
            ("planned", "complete", "claimed"),
            ("in progress", "complete", "claimed"),
            ("reopened", "complete", "claimed"),
            ("planned", "cancel", "cancelled"),
            ("in progress", "cancel", "cancelled"),
            ("reopened", "cancel", "cancelled"),
            ("planned", "progress", "planned"),
            ("in progress", "progress", "in progress"),
            ("reopened", "progress", "reopened"),
            ("planned", "revise", "planned"),
            ("in progress", "revise", "in progress"),
            ("reopened", "revise", "reopened"),
            ("claimed", "verify", "verified"),
            ("claimed", "reopen", "reopened"),
            ("verified", "reopen", "reopened"),
            ("*", "hand over", "*"),
        ],
        steps: &[
            ("plan", 3, 1),
            ("start", 1, 1),
            ("complete", 1, 1),
            ("cancel", 1, 1),
            ("progress", 1, 1),
            ("revise", 3, 3),
            ("verify", 1, 1),
            ("reopen", 1, 1),
            ("hand over", 2, 2),
        ],
    },
    Family {
        name: "evidence",
        table: &[
            ("none", "attach", "attached"),
            ("attached", "challenge", "challenged"),
            ("upheld", "challenge", "challenged"),
            ("challenged", "uphold", "upheld"),
            ("challenged", "reject", "rejected"),
            ("attached", "take back", "withdrawn"),
            ("challenged", "take back", "withdrawn"),
            ("upheld", "take back", "withdrawn"),
        ],
        steps: &[
            ("attach", 1, 1),
            ("challenge", 1, 1),
            ("uphold", 1, 1),
            ("reject", 1, 1),
            ("take back", 1, 1),
        ],
    },
    Family {
        name: "feedback",
        // The stages; telling and the ways to be answered are kept beside them.
        table: &[
            ("none", "receive", "received"),
            ("received", "acknowledge", "acknowledged"),
            ("acknowledged", "acknowledge", "acknowledged"),
            ("considering", "acknowledge", "considering"),
            ("agreed", "acknowledge", "agreed"),
            ("received", "consider", "considering"),
            ("acknowledged", "consider", "considering"),
            ("considering", "consider", "considering"),
            ("agreed", "consider", "considering"),
            ("received", "answer", "?"),
            ("acknowledged", "answer", "?"),
            ("considering", "answer", "?"),
            ("agreed", "answer", "?"),
            ("closed", "answer", "?"),
            ("received", "close", "closed"),
            ("acknowledged", "close", "closed"),
            ("considering", "close", "closed"),
            ("agreed", "close", "closed"),
            ("agreed", "tell", "agreed"),
            ("closed", "tell", "closed"),
            ("*", "hear again", "considering"),
            ("*", "withdraw contact", "*"),
            ("*", "withdraw", "withdrawn"),
        ],
        steps: &[
            ("receive", 2, 1),
            ("acknowledge", 2, 1),
            ("consider", 2, 1),
            ("answer", 2, 3),
            ("close", 1, 1),
            ("tell", 2, 1),
            ("hear again", 1, 1),
            ("withdraw contact", 1, 1),
            ("withdraw", 1, 1),
        ],
    },
    Family {
        name: "round",
        table: &[("none", "seek", "open"), ("open", "end", "closed"), ("closed", "publish", "published")],
        steps: &[("seek", 60, 1), ("end", 1, 1), ("publish", 1, 1)],
    },
    Family {
        name: "change",
        table: &[
            ("none", "propose", "proposed"),
            ("proposed", "approve", "approved"),
            ("proposed", "change", "in force"),
            ("approved", "change", "in force"),
            ("proposed", "decline", "ended"),
            ("approved", "decline", "ended"),
            ("proposed", "abandon", "ended"),
            ("approved", "abandon", "ended"),
            ("in force", "reverse", "ended"),
        ],
        steps: &[
            ("propose", 1, 1),
            ("approve", 1, 1),
            ("change", 100, 1),
            ("decline", 1, 1),
            ("abandon", 1, 1),
            ("reverse", 1, 1),
        ],
    },
    Family {
        name: "session",
        table: &[
            ("none", "offer", "offered"),
            ("offered", "deliver", "held"),
            ("offered", "call off", "off"),
        ],
        steps: &[("offer", 1, 1), ("deliver", 1, 1), ("call off", 1, 1)],
    },
    Family {
        name: "commitment",
        table: &[
            ("none", "make", "active"),
            ("*", "review", "*"),
            ("active", "fulfil", "ended"),
            ("active", "merge", "ended"),
            ("active", "supersede", "ended"),
            ("active", "give up", "ended"),
            ("*", "hand over", "*"),
        ],
        steps: &[
            ("make", 2, 1),
            ("review", 3, 100),
            ("fulfil", 1, 1),
            ("merge", 1, 1),
            ("supersede", 1, 1),
            ("give up", 1, 1),
            ("hand over", 2, 2),
        ],
    },
    Family {
        name: "measure",
        table: &[
            ("none", "agree", "agreed"),
            ("*", "re-agree", "*"),
            ("*", "report", "*"),
            ("*", "hand over", "*"),
        ],
        steps: &[("agree", 2, 1), ("re-agree", 2, 1), ("report", 2, 4), ("hand over", 2, 2)],
    },
    Family {
        name: "erasure",
        table: &[("none", "ask", "asked"), ("asked", "refuse", "refused"), ("asked", "erase", "erased")],
        steps: &[("ask", 1, 1), ("refuse", 1, 1), ("erase", 1, 1)],
    },
    Family {
        name: "policy",
        table: &[("none", "register", "registered"), ("*", "look again", "*"), ("*", "hand over", "*")],
        steps: &[("register", 1, 1), ("look again", 1, 1), ("hand over", 2, 2)],
    },
];

/// What a walk through a history keeps beside the state's name.
struct Walk {
    state: &'static str,
    owner: i64,
    due: i64,
    told: bool,
    reachable: bool,
    contact_taken: bool,
    kind: i64,
    /// First day of a round, first day in force, or the day of the end.
    day: i64,
    periods: BTreeSet<i64>,
}

/// Whether the steps that stand can each be true where they stand.
pub(super) fn is_legal(family: &Family, lines: &[Line]) -> bool {
    let Some(standing) = standing(lines) else { return false };
    let mut walk = Walk {
        state: "none",
        owner: 0,
        due: 0,
        told: false,
        reachable: false,
        contact_taken: false,
        kind: 0,
        day: 0,
        periods: BTreeSet::new(),
    };
    standing.iter().all(|(day, _, step)| walk.goes(family, *day, *step))
}

/// The steps that stand, by day and sequence; none if an amendment cannot be true.
fn standing(lines: &[Line]) -> Option<Vec<(i64, usize, Step)>> {
    let mut gone = vec![false; lines.len()];
    for (at, (_, said)) in lines.iter().enumerate() {
        match *said {
            Said::Void(target) => {
                let erased = matches!(lines[target].1, Said::Step(Step { name: "erase", .. }));
                if erased || gone[target] || matches!(lines[target].1, Said::Void(_)) {
                    return None;
                }
                gone[target] = true;
            }
            Said::Move(target, to) => {
                let amended = !matches!(lines[target].1, Said::Step(_));
                // What somebody took back, and what was asked to be erased, is not said anew; nor is anything about
                // what was taken back whole.
                let untouchable = matches!(
                    lines[target].1,
                    Said::Step(Step { name: "withdraw" | "withdraw contact" | "ask" | "erase", .. })
                );
                let taken_back = lines[..at].iter().zip(&gone).any(|((_, said), gone)| {
                    !gone && matches!(said, Said::Step(Step { name: "withdraw", .. }))
                });
                if amended
                    || untouchable
                    || at + 1 == lines.len() && taken_back
                    || gone[target]
                    || at + 1 == lines.len() && day_of(lines, &gone, target, at) == to
                {
                    return None;
                }
            }
            Said::Step(_) => {}
        }
    }
    let mut steps = Vec::new();
    for (at, (_, said)) in lines.iter().enumerate() {
        if let Said::Step(step) = said
            && !gone[at]
        {
            steps.push((day_of(lines, &gone, at, lines.len()), at, *step));
        }
    }
    steps.sort_by_key(|(day, at, _)| (*day, *at));
    Some(steps)
}

/// The day of a step as its last standing correction before `end` says it.
fn day_of(lines: &[Line], gone: &[bool], at: usize, end: usize) -> i64 {
    let mut day = lines[at].0;
    for (other, (_, said)) in lines[..end].iter().enumerate() {
        if let Said::Move(target, to) = said
            && *target == at
            && !gone[other]
        {
            day = *to;
        }
    }
    day
}

/// Whether the last line counts before something that stands, or before an amendment.
pub(super) fn is_late(lines: &[Line]) -> bool {
    let Some(((day, _), before)) = lines.split_last() else { return false };
    let stands = standing_days(before);
    let amended = before.iter().filter(|(_, said)| !matches!(said, Said::Step(_))).map(|(day, _)| *day);
    stands.into_iter().chain(amended).any(|other| *day < other)
}

fn standing_days(lines: &[Line]) -> Vec<i64> {
    let mut gone = vec![false; lines.len()];
    for (_, said) in lines {
        if let Said::Void(target) = said {
            gone[*target] = true;
        }
    }
    let steps = (0..lines.len()).filter(|at| matches!(lines[*at].1, Said::Step(_)) && !gone[*at]);
    steps.map(|at| day_of(lines, &gone, at, lines.len())).collect()
}

impl Walk {
    fn goes(&mut self, family: &Family, day: i64, step: Step) -> bool {
        let row = family.table.iter().find(|(from, by, _)| {
            *by == step.name && (*from == self.state || *from == "*" && self.state != "none")
        });
        let Some((_, _, to)) = row else { return false };
        let may = match family.name {
            "feedback" => self.may_feedback(step),
            _ => self.may(day, step),
        };
        if !may {
            return false;
        }
        let before = self.state;
        if !matches!(*to, "*" | "?") {
            self.state = to;
        }
        self.keeps(before, day, step);
        true
    }

    /// What the table cannot say with names alone.
    fn may(&self, day: i64, step: Step) -> bool {
        match step.name {
            "revise" => step.a == self.due && step.b != step.a,
            "hand over" => step.a == self.owner && step.b != step.a,
            "end" => day >= self.day,
            "reverse" => self.day <= day,
            "fulfil" => self.kind == 1,
            // Of either kind: nothing tells; or what is found of its own kind.
            "review" => (step.a == 2 || step.a == self.kind) && (self.state != "ended" || self.day > step.b),
            "report" => step.a == self.kind && !self.periods.contains(&step.b),
            _ => true,
        }
    }

    fn may_feedback(&self, step: Step) -> bool {
        if self.state == "withdrawn" {
            return false;
        }
        let direct = step.a == 1 && ["acknowledge", "consider", "answer", "tell"].contains(&step.name);
        if direct && !self.reachable {
            return false;
        }
        match step.name {
            "acknowledge" | "consider" | "close" => !self.told,
            "answer" if self.state == "closed" => step.b == 2,
            "answer" => !self.told || answered(step) == self.state,
            "hear again" => self.told || self.state == "closed",
            "withdraw contact" => !self.contact_taken,
            _ => true,
        }
    }

    fn keeps(&mut self, before: &'static str, day: i64, step: Step) {
        match step.name {
            "plan" => self.due = step.a,
            "revise" => self.due = step.b,
            "hand over" => self.owner = step.b,
            "seek" | "change" => self.day = step.a,
            "make" | "agree" | "re-agree" => self.kind = step.a,
            "fulfil" | "merge" | "supersede" | "give up" => self.day = day,
            "report" => {
                self.periods.insert(step.b);
            }
            "receive" => self.reachable = step.a == 1,
            "answer" if before != "closed" => self.state = answered(step),
            "tell" => self.told = true,
            "hear again" => self.told = false,
            "withdraw contact" => (self.reachable, self.contact_taken) = (false, true),
            _ => {}
        }
    }
}

/// The stage to which an answer leads.
fn answered(step: Step) -> &'static str {
    ["agreed", "considering", "acknowledged"][step.b as usize]
}

/// The next line: often one that is legal, sometimes an amendment, sometimes long ago.
pub(super) fn next(family: &Family, lines: &[Line], dice: &mut Dice) -> Line {
    let latest = lines.iter().map(|(day, _)| *day).max().unwrap_or(0);
    let mut line = (0, Said::Void(0));
    let tries = if dice.chance(70) { 12 } else { 1 };
    for _ in 0..tries {
        let day = match dice.weighted(&[70, 30]) {
            0 => (latest + dice.below(4) as i64).min(99),
            _ => dice.below(100) as i64,
        };
        line = match dice.weighted(&[80, 10, 10]) {
            1 if !lines.is_empty() => (day, Said::Void(dice.below(lines.len() as u64) as usize)),
            2 if !lines.is_empty() => {
                let target = dice.below(lines.len() as u64) as usize;
                let near = (lines[target].0 + dice.below(5) as i64 - 2).clamp(0, 99);
                (day, Said::Move(target, near))
            }
            _ => {
                let (name, a, b) = *dice.of(family.steps);
                let step = Step { name, a: dice.below(a as u64) as i64, b: dice.below(b as u64) as i64 };
                (day, Said::Step(step))
            }
        };
        let mut then = lines.to_vec();
        then.push(line);
        // A beginning first; without it nothing can be said.
        if is_legal(family, &then) {
            break;
        }
    }
    line
}
