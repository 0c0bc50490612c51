//! The closed lists of the wire and of the domain, value by value. Both matches are exhaustive: a value that one side
//! gains and the other lacks does not compile.

use super::field::Closed;
use crate::domain::event;
use crate::grpc::wire;

macro_rules! closed {
    ($($name:ident { $($value:ident),+ })+) => {$(
        impl Closed for event::$name {
            type Wire = wire::$name;

            fn of(wire: wire::$name) -> Option<Self> {
                match wire {
                    wire::$name::Unspecified => None,
                    $(wire::$name::$value => Some(Self::$value),)+
                }
            }

            fn wire(self) -> wire::$name {
                match self { $(Self::$value => wire::$name::$value),+ }
            }
        }
    )+};
}

closed! {
    Access { Open, Granted }
    HolidayKind { Public, Local }
    Disposition { Kept, Superseded, Withdrawn }
    CommitmentKind { Continuing, Milestone }
    DeliveryBasis { Stated, Interpreted }
    Origin { Feedback, Audit, Review, Law, Other }
    Respondents { Staff, Partners }
    Anonymity { Anonymous, Confidential, Named }
    Contact { None, ReplyToken, Direct }
    ResponseOutcome { ChangeAgreed, ChangeConsidered, NoChange }
    ResponseMode { Direct, Public }
    ChangeNature { Editorial, Substantive }
    VoidGround { Duplicate, WrongSubject, Test }
    Direction { Up, Down }
    ReviewOutcome { Kept, Partly, NotKept, NoEvidence, NotStarted, Limited, Substantial, Complete }
    Level { Informed, Skilled, Enhanced, Specialist }
    Purpose { Benefits, Outcomes, EverybodysBusiness, Impact }
    WithdrawalScope { Whole, Contact }
    PolicyReviewOutcome { NoChange, ChangeProposed }
    ErasureGround { Withdrawn, Objection, Identifying, Retention, Unlawful }
    RefusalGround { LegalDuty, LegalClaim, PublicInterest, NotHeld }
    OpinionResult { Unqualified, Qualified, Adverse, Disclaimer }
}
