//! What a verdict is made of: a question, an answer, what was found, and what could not be looked at.
//!
//! Invariant: a finding says what should be there, what is there, and where; never words or content. Findings are
//! bounded, and all are counted. It must not know which question it is about.

/// The most findings that are listed for one question.
const MOST: usize = 1_000;

/// What is asked of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Is every byte, link and node what the records give?
    Integrity,
    /// Is anything missing?
    Completeness,
    /// Was each source granted what it posted, then?
    Authorisation,
    /// What does somebody outside hold, and how old is it?
    Freshness,
    /// Are words there, or erased by an event that says so?
    Erasure,
}

impl Question {
    /// All, in the order in which they are answered.
    pub const ALL: [Self; 5] =
        [Self::Integrity, Self::Completeness, Self::Authorisation, Self::Freshness, Self::Erasure];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Completeness => "completeness",
            Self::Authorisation => "authorisation",
            Self::Freshness => "freshness",
            Self::Erasure => "erasure",
        }
    }
}

/// The answer to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was asked was looked at, and is as it must be.
    Holds,
    /// Something is not as it must be.
    Broken,
    /// Nothing that was looked at is wrong, and it does not show what was asked.
    NotEstablished,
}

impl Verdict {
    /// For programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::NotEstablished => "not_established",
        }
    }

    /// Holds, if `established`.
    pub(super) const fn holds_if(established: bool) -> Self {
        if established { Self::Holds } else { Self::NotEstablished }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub question: Question,
    /// The rule that does not hold, such as `completeness.gap`.
    pub rule: &'static str,
    /// The file, within the ledger's directory, and the byte in it, where that is known.
    pub place: Option<(String, u64)>,
    /// The record.
    pub sequence: Option<u64>,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// What to do, where that is not plain.
    pub remedy: Option<&'static str>,
}

/// The answer to one question, and all that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub verdict: Verdict,
    /// What was looked at, in one line.
    pub summary: String,
    /// What is worth knowing, and is not wrong.
    pub notes: Vec<String>,
    /// What could not be established with what was given, in plain sentences.
    pub limits: Vec<String>,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub found: u64,
}

impl Conclusion {
    /// It rests on records of which `why` is said, such as that some are damaged or missing: what was found may be no
    /// more than a consequence of that, and what was not found may stand in them. It is listed, and integrity alone is
    /// called broken.
    pub(super) fn rests_on(&mut self, why: &str) {
        self.verdict = Verdict::NotEstablished;
        self.summary += "; but ";
        self.summary += why;
    }
}

impl Conclusion {
    /// No record was looked at.
    pub(super) fn saw_no_records(&mut self, size: u64) {
        let size = count(size, "record", "records");
        if self.verdict != Verdict::Broken {
            self.verdict = Verdict::NotEstablished;
            self.summary = match self.question {
                Question::Integrity => {
                    format!("the hash tiles of {size} give the root of the signed checkpoint")
                }
                Question::Freshness => std::mem::take(&mut self.summary),
                _ => "no record was looked at".to_owned(),
            };
        }
        if self.question == Question::Integrity {
            self.notes.retain(|_| self.verdict == Verdict::Broken);
            self.limits.push(
                "What the records say, and whether they are what the tiles were made of: entry bundles were not to be \
                 had. An auditor has them, with a token or in an export."
                    .to_owned(),
            );
        }
    }
}

/// Findings about one question, bounded.
pub(super) struct Findings {
    question: Question,
    kept: Vec<Finding>,
    count: u64,
}

impl Findings {
    /// None yet.
    pub(super) const fn about(question: Question) -> Self {
        Self { question, kept: Vec::new(), count: 0 }
    }

    /// One more. It is made only if it is listed: there may be as many as records.
    pub(super) fn add(
        &mut self,
        rule: &'static str,
        sequence: Option<u64>,
        remedy: Option<&'static str>,
        said: impl FnOnce() -> (String, String),
    ) {
        self.count += 1;
        if self.kept.len() < MOST {
            let (expected, found) = said();
            let question = self.question;
            self.kept.push(Finding { question, rule, place: None, sequence, expected, found, remedy });
        }
    }

    /// One more, as it was found elsewhere.
    pub(super) fn push(&mut self, finding: Finding) {
        self.count += 1;
        if self.kept.len() < MOST {
            self.kept.push(finding);
        }
    }

    /// More about the same question.
    pub(super) fn append(&mut self, other: Self) {
        let hidden = other.count - other.kept.len() as u64;
        for finding in other.kept {
            self.push(finding);
        }
        self.count_more(hidden);
    }

    /// Others, that are not listed here.
    pub(super) const fn count_more(&mut self, count: u64) {
        self.count += count;
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The conclusion: broken if there is any, else what `otherwise` says.
    pub(super) fn conclude(
        self,
        otherwise: Verdict,
        summary: String,
        notes: Vec<String>,
        limits: Vec<String>,
    ) -> Conclusion {
        let Self { question, kept: mut findings, count: found } = self;
        findings.sort_by_key(|finding| finding.sequence);
        let verdict = if found > 0 { Verdict::Broken } else { otherwise };
        Conclusion { question, verdict, summary, notes, limits, findings, found }
    }
}

/// `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `2 records`, `1,000 records`.
pub fn count(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { more })
}
