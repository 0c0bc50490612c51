//! Every rule by name: what cannot be true ([`Rule`]) and what is not well formed ([`Form`]), each with what to do.
//!
//! Invariant: a refusal names a rule of this file, and each rule has a test that carries its name. Texts never hold
//! what a poster sent.

use super::rejection::Rejection;

/// Something that cannot be true on its own date, or against what the ledger holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name for programs.
    pub name: &'static str,
    /// In a sentence, with what to do.
    pub explanation: &'static str,
}

impl Rule {
    /// The refusal, naming the event that stands in the way.
    pub const fn refusal(&self, standing: Option<u64>) -> Rejection {
        Rejection::impossible(self.name, self.explanation, standing)
    }
}

/// A field that is wrong whatever the ledger holds, or that does not fit what it refers to.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Its name, for tests and tables.
    pub name: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Form {
    /// The refusal of that field.
    pub fn at(&self, field: impl Into<String>) -> Rejection {
        Rejection::malformed(field, self.rule, self.remedy)
    }
}

/// A rule that a replay found broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) rule: &'static Rule,
    /// The event that stands in the way.
    pub(crate) standing: Option<u64>,
    /// Not the new event breaks the rule, but the standing one would, because of it.
    pub(crate) standing_breaks: bool,
}

impl Breach {
    pub(crate) const fn of(rule: &'static Rule, standing: Option<u64>) -> Self {
        Self { rule, standing, standing_breaks: false }
    }

    /// The refusal of the event that was judged.
    pub(crate) const fn refusal(&self) -> Rejection {
        if self.standing_breaks {
            return Rejection::impossible(
                self.rule.name,
                "an event that is already recorded could then not be true; correct this one, or void that one first",
                self.standing,
            );
        }
        self.rule.refusal(self.standing)
    }
}

macro_rules! rules {
    ($($name:ident: $explanation:literal;)+) => {
        $(#[doc = concat!("The rule `", stringify!($name), "`.")]
        pub const $name: Rule = Rule { name: stringify!($name), explanation: $explanation };)+

        /// Every rule about what cannot be true.
        pub const RULES: &[&Rule] = &[$(&$name),+];
    };
}

macro_rules! forms {
    ($($name:ident: $rule:literal, $remedy:literal;)+) => {
        $(#[doc = concat!("The form `", stringify!($name), "`.")]
        pub const $name: Form = Form { name: stringify!($name), rule: $rule, remedy: $remedy };)+

        /// Every rule about form.
        pub const FORMS: &[&Form] = &[$(&$name),+];
    };
}

rules! {
    // The ledger, posts, codes, settings
    LEDGER_ALREADY_OPENED: "a ledger is opened once, by its first record";
    POST_OVERLAP:
        "the post is already registered for some of these days; begin after the last day of the other term";
    POST_NOT_VALID:
        "the post is registered, but not for the day of this event; name the post that acted on that day";
    CODE_NOT_VALID:
        "the code is in its list, but not valid on the day of this event; use the code that was valid then";
    CODE_IN_USE: "the list would lose a code that events use; keep the code, and end it with valid_to";
    THRESHOLD_LOWERED:
        "disclosure thresholds and the release interval can only be raised; keep or raise the old value";
    // The pledge
    PLEDGE_VERSION_OUT_OF_STEP:
        "versions of a pledge count 1, 2, 3 in the order in which they were published";
    COMMITMENT_WITHOUT_DISPOSITION:
        "a new version says of every commitment that is not closed whether it is kept, superseded or withdrawn";
    COMMITMENT_ALREADY_CLOSED: "the commitment is closed already, by an earlier version or an event of its own; leave it out";
    COMMITMENT_ALREADY_MADE: "a commitment is made once; choose another id";
    PLEDGE_NOT_YET_PUBLISHED:
        "this version of the pledge was published later than this day; correct the date";
    // Actions
    ACTION_ALREADY_PLANNED: "an action is planned once; choose another id";
    ACTION_NOT_PLANNED: "no plan of this action stands on this day; plan it first, or correct the date";
    ACTION_ALREADY_STARTED: "the action is in progress already";
    ACTION_ALREADY_CLOSED:
        "the action is claimed complete, verified or cancelled on this day; reopen it first if that is wrong";
    ACTION_NOT_CLAIMED:
        "only an action that is claimed complete, and not verified yet, can be verified; complete it first";
    ACTION_NOT_DONE: "only an action that is claimed complete or verified can be reopened";
    DEADLINE_NOT_CURRENT: "old_due is not the deadline on this day; read the action again";
    REPLACES_DONE_ACTION:
        "an action that is claimed complete or verified leaves nothing to replace; reopen that one instead";
    REPLACEMENT_CIRCLE: "the replaced action itself replaces this one, directly or through others";
    // Feedback
    ANONYMOUS_RELEASE_TOO_SMALL:
        "anonymous feedback is recorded at least five items in one request; hold it until there are five";
    ROUND_ALREADY_SOUGHT: "a round is announced once; choose another id";
    FEEDBACK_ALREADY_RECEIVED: "an item of feedback is received once; choose another random id";
    FEEDBACK_NOT_RECEIVED: "the feedback was not received by this day; record it first, or correct the date";
    FEEDBACK_ALREADY_CLOSED:
        "the feedback is closed without change on this day; reopen it first, or answer that nothing changes";
    FEEDBACK_NOT_CONTACTABLE: "the respondent cannot be contacted; answer in public";
    FEEDBACK_NOT_LIVE: "the feedback was voided or withdrawn; link what is live";
    LINK_BEFORE_FEEDBACK: "the feedback was received later than this day, so it cannot have led to this";
    LINKED_WORK_IS_LIVE:
        "a proposal, change or action that stands is linked to this feedback; it is not closed without change";
    // Policies
    POLICY_ALREADY_REGISTERED: "a policy is registered once; record a change instead";
    CHANGE_ALREADY_PROPOSED: "a change is proposed once; choose another id";
    CHANGE_NOT_PROPOSED:
        "no proposal of this change stands on this day; propose it first, or correct the date";
    CHANGE_ALREADY_APPROVED: "the change is approved already";
    CHANGE_ALREADY_IN_FORCE: "the change is in the register already; reverse it, or propose another";
    DOCUMENT_UNCHANGED: "the document is the one in force on that day, so nothing changed";
    // Evidence and voids
    EVIDENCE_ALREADY_ATTACHED: "evidence is attached once under its id; choose another id";
    DOCUMENT_ALREADY_ATTACHED:
        "the same document is attached to the same subject already; name that evidence";
    EVIDENCE_ABOUT_OTHER: "the evidence supports another subject; attach it to this one as well";
    VOID_TARGET_UNKNOWN: "no event with this id, from this source, is recorded about this subject";
    VOID_OF_WITHDRAWAL: "only the system that recorded the withdrawal, or its successor, can take it back";
    SUBJECT_FULL:
        "the subject holds as many events, or voids and corrections, as one can; go on under another id";
    VOID_OF_VOID: "a void is final; record the event again instead";
    VOID_OF_OPERATION: "this event cannot be voided, others have acted on it; record what is right in a new event";
    ALREADY_VOIDED: "the event is voided already";
    // Commitments and measures, after they were made
    COMMITMENT_NOT_MADE:
        "no making of this commitment stands on this day; make it first, or correct the date";
    COMMITMENT_CLOSED: "the commitment is closed; name one that is open on this day, or correct the date";
    COMMITMENT_NOT_MILESTONE:
        "a continuing commitment is kept or not kept, and never complete; review it for a period instead";
    COMMITMENT_NOT_YET_MADE:
        "the commitment was made later than this day; correct the date, or name another";
    OUTCOME_OF_OTHER_KIND:
        "a continuing commitment is kept, partly or not; a milestone is not started up to complete";
    SUCCESSION_CIRCLE: "the other commitment itself goes on in this one, directly or through others";
    DELIVERY_CIRCLE: "the commitment that it delivers itself delivers this one, directly or through others";
    NOTHING_TO_OWN:
        "nothing stands under this name on this day; record it first, or correct the date";
    OWNER_NOT_CURRENT: "from_post is not the owner on this day; read the subject again";
    MEASURE_ALREADY_AGREED: "a measure is agreed once; revise it, or choose another id";
    MEASURE_NOT_AGREED: "no agreement on this measure stands on this day; agree it first, or correct the date";
    DENOMINATOR_NOT_AGREED:
        "a denominator is given exactly when the measure in force on this day has one; read it again";
    PERIOD_ALREADY_REPORTED:
        "a value for exactly this period stands; correct that report instead of adding another";
    EVIDENCE_NOT_ATTACHED: "the evidence was not attached by this day; attach it first, or correct the date";
    EVIDENCE_ALREADY_CHALLENGED: "the evidence is challenged already; uphold or reject it first";
    EVIDENCE_NOT_CHALLENGED: "only challenged evidence is upheld or rejected; challenge it first";
    EVIDENCE_FALLEN: "the evidence was rejected or withdrawn; name other evidence, or attach it anew";
    // People: units, learning, awareness, surveys
    POST_NOT_REGISTERED: "the post is not registered for this last day; register it first, or correct the day";
    POST_ALREADY_RETIRED: "this term of the post was ended already; void that retirement first if it is wrong";
    UNIT_OVERLAP:
        "the unit is already registered for some of these days; begin after the last day of the other term";
    UNIT_NOT_VALID: "the unit is registered, but not for these days; name the unit that existed then";
    UNIT_CIRCLE: "on some of these days the whole would itself be a part of this unit; correct one of the two";
    UNIT_IN_USE: "a baseline or a coverage of these days stands; void that first, or correct the registration";
    BASELINE_ALREADY_RECORDED: "a baseline of this unit and day stands; correct that one instead";
    COVERAGE_ALREADY_RECORDED: "a coverage of this unit and day stands; correct that one instead";
    SESSION_ALREADY_OFFERED: "a session is offered once; choose another id";
    SESSION_NOT_OFFERED: "no offer of this session stands on this day; offer it first, or correct the date";
    SESSION_ALREADY_DELIVERED: "the session was delivered already; correct that event instead, or void it";
    SESSION_ALREADY_CANCELLED: "the session was cancelled; offer another, or void the cancellation";
    ALREADY_RECORDED: "this is recorded once; correct the event that stands, or choose another id";
    // The loop: rounds, feedback, ends of changes
    ROUND_NOT_SOUGHT:
        "no announcement of this round stands on this day; announce it first, or correct the date";
    ROUND_NOT_YET_OPEN: "the round opened later than this day; correct the date";
    ROUND_ALREADY_CLOSED: "the round is closed already; correct that event if its day or its count is wrong";
    ROUND_NOT_CLOSED: "the round is not closed on this day; close it first, or correct the date";
    ROUND_RESPONSE_ALREADY_PUBLISHED:
        "what came of the round is published already; correct that event if its day or its link is wrong";
    ROUND_NOT_ANONYMOUS:
        "nobody could answer this round anonymously, or too few were asked; call the item confidential";
    FEEDBACK_OUTSIDE_ROUND:
        "the round took no feedback then; correct the date, correct the round's days first, or name no round";
    FEEDBACK_WITHDRAWN: "whoever spoke took all of this feedback back by this day; nothing can follow";
    FEEDBACK_CONTACT_ALREADY_WITHDRAWN:
        "the way to be answered is taken back already; send nothing, or withdraw the whole";
    FEEDBACK_NOT_DECIDED:
        "nothing is decided on this day; answer that a change is agreed, or close it without change, first";
    FEEDBACK_ALREADY_TOLD:
        "whoever spoke was told what came of it; reopen the feedback first if it comes to something else";
    FEEDBACK_NOT_CLOSED:
        "only feedback that is closed without change, or that ended with the telling, can be reopened";
    FEEDBACK_ALREADY_LINKED:
        "the feedback is linked to this already, by an event of its own or by the plan or proposal; send nothing";
    FEEDBACK_NOT_LINKED:
        "the feedback is not linked to this on this day; name what it is linked to, or correct the date";
    LINK_BEFORE_WORK: "the action was planned, or the change proposed, later than this day; correct the date";
    LINK_TO_ENDED_WORK:
        "the action is cancelled, or the change declined, abandoned or reversed; link what is not ended";
    POLICY_NOT_REGISTERED:
        "no registration of this policy stands on this day; register it first, or correct the date";
    CHANGE_ALREADY_ENDED: "the change is declined, abandoned or reversed already; propose another";
    CHANGE_NOT_IN_FORCE:
        "only a change that is in force on this day can be reversed; correct the date, or decline or abandon it";
    // Operation: sources, erasures, reports, opinions, keys, cosignatures, restores, the clock
    SOURCE_ALREADY_SUCCEEDED:
        "another system succeeded this source already; void that first, or name the end of the chain as the old one";
    SUCCESSION_BY_SUCCESSOR:
        "a system does not say itself that it succeeds another; let the old one, governance or an operator say so";
    SOURCE_SUCCESSION_CIRCLE: "this source itself succeeded the new one, directly or through others";
    STATEMENT_OF_OTHER_SOURCE:
        "a source states what it posted itself, or what a source that it succeeded posted; let that one state it";
    STATED_PERIOD_NOT_OVER: "the last day of the period was not over by then; record this when it is";
    LEDGER_NOT_OPENED: "this ledger was never opened; name the ledger that takes the event";
    ERASURE_ALREADY_REQUESTED: "a request to erase is made once; choose another id";
    ERASURE_NOT_REQUESTED: "nothing asked for this by this day; record the request first, or correct the date";
    ERASURE_ALREADY_DECIDED: "the request is refused or carried out already; make another request";
    RECORDS_NOT_HELD: "the ledger did not hold so many records on this day; count those that it held";
    RELEASE_POINT_ALREADY_DECLARED: "a release point is declared once; choose another id";
    RELEASE_POINT_TOO_SOON: "another release point is nearer than the release interval; wait until it is over";
    RELEASE_POINT_OVERTAKEN:
        "figures of a later day are released, and are not taken back; declare a release point for a day after it";
    RELEASE_POINT_BACKWARDS: "of two release points, the later one counts no fewer records; correct the position";
    REPORT_ALREADY_ISSUED: "a report is issued once under its id; choose another id";
    RELEASE_POINT_AFTER_REPORT:
        "the release point came later than this report, or counts more records; name the one before it";
    OPINION_ALREADY_RECORDED: "an opinion is recorded once; choose another id";
    COSIGNATURE_ALREADY_RECORDED:
        "this key of this witness is recorded for this size; record what it signs of a larger one";
    KEY_NOT_IN_FORCE: "the ledger signs with another key since its last rotation; let that one be the old key";
    KEY_USED_BEFORE: "the new key was a key of this ledger before; make a fresh one";
    RESTORE_NOT_FIRST:
        "a restore is the first record after what the copy held; let restored_size be its own sequence";
    INCARNATION_NOT_NEXT: "restores are counted one by one from 1; write one more than the last that is recorded";
    // Corrections
    CORRECTION_TARGET_UNKNOWN: "no event with this id, from this source, is recorded about this subject";
    CORRECTION_OF_AMENDMENT:
        "corrections and voids are not corrected; correct the first event again: its last correction stands";
    CORRECTION_OF_VOIDED: "the event is voided, so it says nothing any more; record it again instead";
    CORRECTION_OF_OPERATION:
        "what steers the ledger is not corrected; record it anew: the last by day and sequence stands";
    CORRECTION_BY_OTHER: "only the system that posted the event, or its successor, can correct it";
    CORRECTION_CHANGES_BELONGING:
        "what it belongs to, and what led to it, is not corrected; void it, or link with an event of its own";
    CORRECTION_OF_WHAT_WAS_GIVEN:
        "how far somebody can be known, their code, their content and their month are theirs; nobody corrects them";
    CORRECTION_OF_WITHDRAWAL: "that somebody took back what they gave is not corrected";
    CORRECTION_CHANGES_TYPE: "the event is of another type; void it, and record what happened";
    APPROVER_NOT_INDEPENDENT:
        "a deadline, target or day of completion is corrected only if a post agrees that neither acted nor owns it";
    // What only a damaged ledger can show: the envelope's rules come first
    WRONG_KIND: "the event does not fit the kind of its subject";
}

forms! {
    // The envelope
    SUBJECT_KIND:
        "this type of event is about another kind of subject",
        "write the kind that its documentation names";
    SETTINGS_SUBJECT: "the only settings are settings/reports", "write settings/reports";
    FEEDBACK_ID: "feedback is known by a random UUID", "write feedback/<UUID version 4, lower case>";
    FEEDBACK_EVENT_ID: "events about feedback have random ids", "use a UUID of version 4";
    FEEDBACK_CORRELATION: "feedback is not correlated with anything", "leave the field empty";
    ANONYMOUS_TRACE:
        "anonymous feedback carries nothing that tells who acted, when, or in which order people spoke",
        "leave the field empty";
    MONTH_ONLY_FOR_ANONYMOUS: "a month is for anonymous feedback alone", "give the day";
    ANONYMOUS_MONTH: "anonymous feedback carries a month and nothing finer", "give year and month";
    FEEDBACK_ACTOR:
        "who gave or took back feedback is never said, not even by post",
        "leave the field empty";
    EVIDENCE_ABOUT_FEEDBACK:
        "a document about what somebody said would lead to them",
        "attach it to the work that it led to";
    FEEDBACK_DAY: "feedback was received on a day", "give the day, without a time";
    ID_TWICE_IN_REQUEST: "the same id stands twice in this request", "send each event once";
    NAMED_TWICE: "the same thing is named twice", "name it once";
    // The ledger and its operation
    ORIGIN_FORM:
        "an origin is 1 to 255 printable ASCII characters without spaces or '+'",
        "write a name such as ledger.example/acme";
    GRANT_TYPE:
        "neither an event type that can be granted, nor a family of them, nor '*'",
        "write such as action.completed, action.* or *";
    GRANT_SUBJECT: "neither a subject, nor a kind, nor '*'", "write such as commitment/C14, action/* or *";
    GRANT_POST: "neither a post nor '*'", "write a post's code or *";
    GRANT_TO_OPERATOR: "the operator needs no grant", "grant to a posting system";
    // Posts, codes, calendars, settings
    TERM_BACKWARDS: "the last day lies before the first", "correct one of the two days";
    HELD_WITH_ITSELF: "a post is not held with itself", "name the other posts";
    CODE_UNKNOWN:
        "the list in force does not hold this code",
        "use a code of the list, or adopt a list that holds it";
    HOLIDAY_OUTSIDE:
        "the holiday lies outside the span that the calendar covers",
        "widen the span or leave it out";
    THRESHOLD_FLOOR:
        "the value lies below the floor",
        "use at least 5 for suppress_below, 10 for survey_minimum, 28 for release_interval";
    // The pledge
    PLEDGE_EMPTY: "the pledge has no text", "send the published text, code point for code point";
    PLEDGE_HASH: "the hash is not the text's", "send the SHA-256 of the text in UTF-8";
    FIRST_VERSION_DISPOSES: "the first version has no commitments before it", "leave the dispositions out";
    SPAN_EMPTY: "the span is empty or backwards", "let span_end be one past the last code point";
    QUOTE_NOT_AT_SPAN:
        "the pledge does not say this at its span",
        "count code points, not bytes, and quote exactly";
    PRINCIPLE_UNKNOWN: "the pledge does not name this principle", "write the principle as the pledge does";
    DELIVERS_ITSELF: "a commitment does not deliver itself", "name the commitment that it serves";
    // Actions
    COMMITMENT_MISSING: "what is done serves a commitment", "name at least one commitment";
    DUE_BEFORE_PLANNED: "the deadline lies before the day of planning", "correct one of the two days";
    DEADLINE_UNMOVED: "the new deadline is the old one", "send nothing when nothing moves";
    REASON_MISSING: "a reason is required", "say in a sentence why";
    EVIDENCE_MISSING:
        "what is found verified, kept or complete rests on evidence",
        "attach evidence about the same subject first and name it here";
    REPLACES_ITSELF: "an action does not replace itself", "name the other action";
    // Feedback
    ROUND_BACKWARDS: "the round closes before it opens", "correct one of the two days";
    ANONYMOUS_CONTACT:
        "an anonymous respondent is reached by a reply token or not at all",
        "use NONE or REPLY_TOKEN";
    PUBLIC_WITHOUT_URL: "a public answer stands somewhere", "give the link to it";
    ORIGIN_WITHOUT_FEEDBACK:
        "this is said to come from feedback, but names none",
        "name the feedback, or another origin";
    // Policies and evidence
    OTHER_POLICY: "the change was proposed for another policy", "name the policy of the proposal, or a change of this policy";
    MEDIA_TYPE_FORM: "not a media type", "write type/subtype, such as application/pdf";
    EVIDENCE_EMPTY: "an empty document supports nothing", "send the document's size in bytes";
    // Commitments and measures, after they were made
    OWNER_UNCHANGED: "the new owner is the old one", "send nothing when nothing changes hands";
    DUE_BEFORE_AGREED:
        "the measure is due before the day on which it was agreed",
        "correct one of the two days";
    PERIOD_NOT_OVER:
        "the period ends after the day of this event",
        "wait until it is over, or end it on that day";
    DENOMINATOR_ZERO: "nothing is a share of nothing", "report a period in which there was something to count";
    GOES_ON_IN_ITSELF: "a commitment does not go on in itself", "name the other commitment";
    PERCENT_FORM: "more than all of the work", "write 0 to 100";
    // People: units, learning, awareness, surveys
    PART_OF_ITSELF: "a unit is not a part of itself", "name the unit above it, or none";
    LEADERS_ABOVE_STAFF:
        "leaders are among the staff, so there are no more of them",
        "correct one of the two numbers";
    LEVELS_NOT_NESTED:
        "each level holds those below it, so a deeper level has no more people",
        "count everybody who reached at least the level";
    HELD_BEFORE_OFFERED: "the session is to be held before it was offered", "correct one of the two days";
    TOO_FEW_ANSWERS:
        "so few answers could tell who gave them",
        "set withheld and leave the counts out; the minimum is 10, or that of the settings";
    WITHHELD_WITH_COUNTS: "what is withheld is not counted here", "leave the options out";
    OPTIONS_DO_NOT_SUM: "the options' counts do not add up to the answers", "correct one of the numbers";
    OPTION_NOT_GIVEN: "the result gives no count for this option", "name an option of the result";
    OPTION_IN_BOTH: "an option is agreement or says neither, not both", "name it in one of the two lists";
    COUNT_IS_ZERO: "the number counts nothing", "give a number of at least 1";
    // The loop: rounds, feedback, ends of changes
    LINK_KIND: "feedback leads to a policy change or an action", "write policy-change/<id> or action/<id>";
    REVIEW_WITHOUT_CHANGE:
        "the review is said to have led to a proposal, but names none",
        "name the change that is proposed, or write NO_CHANGE";
    REVIEW_NAMES_CHANGE:
        "a review that came to no change names a change",
        "leave the field empty, or write CHANGE_PROPOSED";
    REVIEW_DUE_NOT_AHEAD: "the next review does not lie after this one", "give a later day";
    // Operation: sources, erasures, reports, opinions, keys, cosignatures, restores, the clock
    STATEMENT_TOO_LONG: "a statement covers at most 366 days", "state a shorter period, such as a month";
    OPERATOR_SUCCEEDED: "the operator is no posting system", "name two posting systems";
    SUCCEEDS_ITSELF: "a source does not succeed itself", "name the other system";
    ERASURE_OF_NOTHING: "a request to erase names what", "name at least one record";
    NO_WORDS_IN_FIELD:
        "the record has no words in this field",
        "name a field of words of that event, such as reason, or leave it out for all of them";
    NOTHING_BESIDE_RECORD:
        "no words or content stand beside this record",
        "name the record that committed to what is to be erased";
    BACKUPS_EXPIRE_BEFORE:
        "the last backup expires before the day of the erasure",
        "give the day on which the last backup that holds it is gone";
    REPORT_UNKNOWN: "there is no such report", "write R1 to R12";
    AS_AT_AFTER_ISSUE:
        "the report tells of days after the one on which it was issued",
        "correct one of the two days";
    OPINION_RANGE_EMPTY: "the range is empty or backwards", "let end be one past the last record";
    OPINION_KEY: "not a public key that can be relied on", "send the auditor's own Ed25519 public key";
    OPINION_SIGNATURE:
        "the signature is not this key's over this opinion's statement",
        "sign the statement, byte for byte as the documentation gives it";
    ROOT_IS_ANOTHER:
        "the ledger's records have another root at this size, or none yet",
        "take the root from a checkpoint of this ledger; if it stands in one, two histories are shown: tell the auditor";
    COSIGNATURE_SUBJECT:
        "the subject is not that of this witness, key and size",
        "derive its id from the three as the documentation says";
    COSIGNATURE_AHEAD:
        "the witness signed later than now",
        "send the time in seconds since 1970; if it is right, compare the clocks";
    COSIGNATURE_SIGNATURE:
        "the signature is not this key's over this checkpoint at this time",
        "send the 64 bytes after the time in the witness's signature line";
    KEY_UNRELIABLE: "not a public key that can be relied on", "send an Ed25519 public key made at random";
    KEY_UNCHANGED: "the new key is the old one", "send nothing when nothing changes";
    ROTATION_SIGNATURE:
        "the signature is not the old key's over this rotation's statement",
        "sign the statement with the old key, byte for byte as the documentation gives it";
    KNOWN_ROOT:
        "a size that is known has a root, and where none is known there is none",
        "give known_size and known_root of one checkpoint, or neither";
    // Corrections
    CORRECTION_CHANGES_SUBJECT:
        "the corrected event is about another subject",
        "name the same subject; what was recorded about the wrong one is voided";
    CORRECTION_CHANGES_NOTHING:
        "the corrected event says what the event says already",
        "send nothing when nothing changes";
    APPROVER_MISSING:
        "a deadline, a target or a day of completion changes, and nobody agreed",
        "name the post that agreed";
}
