//! Somebody who was recognised: under which name it posts, and in which roles it calls.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::domain::id::SourceName;

/// What a caller is to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A posting system: appends, and sees its own events.
    Poster,
    /// Sees every record.
    Auditor,
    /// Reads reports.
    Reader,
    /// Opens ledgers and sets grants.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Poster, Self::Auditor, Self::Reader, Self::Operator];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Poster => "poster",
            Self::Auditor => "auditor",
            Self::Reader => "reader",
            Self::Operator => "operator",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

impl Roles {
    /// Every role.
    pub const ALL: Self = Self::of(&Role::ALL);

    /// These roles.
    pub const fn of(roles: &[Role]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < roles.len() {
            bits |= 1 << roles[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether both have one in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.meets(Self::of(&[*role])))
    }
}

impl From<Vec<Role>> for Roles {
    fn from(roles: Vec<Role>) -> Self {
        Self::of(&roles)
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Self {
        roles.iter().collect()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Role::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

/// A caller that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    source: Option<SourceName>,
    roles: Roles,
}

impl Principal {
    /// A caller that posts under that name, if any, and calls in those roles.
    pub const fn new(source: Option<SourceName>, roles: Roles) -> Self {
        Self { source, roles }
    }

    /// The name under which it posts.
    pub const fn source(&self) -> Option<&SourceName> {
        self.source.as_ref()
    }

    /// Whether it calls in that role.
    pub const fn is(&self, role: Role) -> bool {
        self.roles.meets(Roles::of(&[role]))
    }

    /// Whether it calls in one of those roles.
    pub const fn has_any(&self, roles: Roles) -> bool {
        self.roles.meets(roles)
    }
}
