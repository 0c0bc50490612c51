//! The ledger's own events: its genesis, grants, posts, code lists, calendars, settings.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, list, number, optional_code,
    optional_date, shown, text,
};
use crate::domain::{
    event::{
        Alias, CalendarAdopted, CodeListAdopted, CodeListEntry, GrantChanged, Holiday, LedgerOpened,
        PostRegistered, ReportSettingsAdopted,
    },
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::{MAX_ENTRIES, MAX_LINKS, MAX_NAME, MAX_ORIGIN, MAX_PATTERNS};

impl Wire for LedgerOpened {
    type Message = wire::LedgerOpened;

    fn parse(at: &Path<'_>, wire: wire::LedgerOpened, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            organisation: label(&at.field("organisation"), &wire.organisation)?,
            origin: text(&at.field("origin"), wire.origin, MAX_ORIGIN)?,
            time_zone: text(&at.field("time_zone"), wire.time_zone, MAX_NAME)?,
            example_data: wire.example_data,
            simulated_clock: wire.simulated_clock,
            access: closed(&at.field("access"), wire.access)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::LedgerOpened {
        wire::LedgerOpened {
            organisation: shown(&self.organisation),
            origin: self.origin.clone(),
            time_zone: self.time_zone.clone(),
            example_data: self.example_data,
            simulated_clock: self.simulated_clock,
            access: number(self.access),
        }
    }
}

impl Wire for GrantChanged {
    type Message = wire::GrantChanged;

    fn parse(at: &Path<'_>, wire: wire::GrantChanged, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            types: list(&at.field("types"), MAX_PATTERNS, wire.types, pattern)?,
            subjects: list(&at.field("subjects"), MAX_PATTERNS, wire.subjects, pattern)?,
            posts: list(&at.field("posts"), MAX_PATTERNS, wire.posts, pattern)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::GrantChanged {
        wire::GrantChanged {
            types: self.types.clone(),
            subjects: self.subjects.clone(),
            posts: self.posts.clone(),
        }
    }
}

/// A name or a pattern of names; which ones there are is the domain's to say.
fn pattern(at: &Path<'_>, name: String) -> Result<String, Rejection> {
    text(at, name, MAX_NAME)
}

impl Wire for PostRegistered {
    type Message = wire::PostRegistered;

    fn parse(at: &Path<'_>, wire: wire::PostRegistered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            valid_from: date(&at.field("valid_from"), wire.valid_from)?,
            valid_to: optional_date(&at.field("valid_to"), wire.valid_to)?,
            held_with: codes(&at.field("held_with"), &wire.held_with)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PostRegistered {
        wire::PostRegistered {
            title: shown(&self.title),
            valid_from: Some(day(self.valid_from)),
            valid_to: self.valid_to.map(day),
            held_with: all(&self.held_with),
        }
    }
}

impl Wire for CodeListAdopted {
    type Message = wire::CodeListAdopted;

    fn parse(at: &Path<'_>, wire: wire::CodeListAdopted, _: &mut Texts) -> Result<Self, Rejection> {
        let entries = list(&at.field("entries"), MAX_ENTRIES, wire.entries, |at, entry| {
            Ok(CodeListEntry {
                code: code(&at.field("code"), &entry.code)?,
                title: label(&at.field("title"), &entry.title)?,
                valid_from: optional_date(&at.field("valid_from"), entry.valid_from)?,
                valid_to: optional_date(&at.field("valid_to"), entry.valid_to)?,
                aliases: aliases(at, &entry.alias, entry.aliases)?,
            })
        })?;
        Ok(Self { entries })
    }

    fn print(&self, _: &Held<'_>) -> wire::CodeListAdopted {
        let entry = |entry: &CodeListEntry| wire::CodeListEntry {
            code: shown(&entry.code),
            title: shown(&entry.title),
            valid_from: entry.valid_from.map(day),
            valid_to: entry.valid_to.map(day),
            alias: String::new(),
            aliases: entry.aliases.iter().map(alias_message).collect(),
        };
        wire::CodeListAdopted { entries: self.entries.iter().map(entry).collect() }
    }
}

impl Wire for CalendarAdopted {
    type Message = wire::CalendarAdopted;

    fn parse(at: &Path<'_>, wire: wire::CalendarAdopted, _: &mut Texts) -> Result<Self, Rejection> {
        let holidays = list(&at.field("holidays"), MAX_ENTRIES, wire.holidays, |at, holiday| {
            Ok(Holiday {
                on: date(&at.field("on"), holiday.on)?,
                title: label(&at.field("title"), &holiday.title)?,
                kind: closed(&at.field("kind"), holiday.kind)?,
            })
        })?;
        Ok(Self {
            covers_from: date(&at.field("covers_from"), wire.covers_from)?,
            covers_to: date(&at.field("covers_to"), wire.covers_to)?,
            holidays,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::CalendarAdopted {
        let holiday = |holiday: &Holiday| wire::Holiday {
            on: Some(day(holiday.on)),
            title: shown(&holiday.title),
            kind: number(holiday.kind),
        };
        wire::CalendarAdopted {
            covers_from: Some(day(self.covers_from)),
            covers_to: Some(day(self.covers_to)),
            holidays: self.holidays.iter().map(holiday).collect(),
        }
    }
}

impl Wire for ReportSettingsAdopted {
    type Message = wire::ReportSettingsAdopted;

    fn parse(at: &Path<'_>, wire: wire::ReportSettingsAdopted, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            calendar: code(&at.field("calendar"), &wire.calendar)?,
            acknowledge_within: wire.acknowledge_within,
            respond_within: wire.respond_within,
            change_within: wire.change_within,
            suppress_below: wire.suppress_below,
            survey_minimum: wire.survey_minimum,
            release_interval: wire.release_interval,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ReportSettingsAdopted {
        wire::ReportSettingsAdopted {
            calendar: shown(&self.calendar),
            acknowledge_within: self.acknowledge_within,
            respond_within: self.respond_within,
            change_within: self.change_within,
            suppress_below: self.suppress_below,
            survey_minimum: self.survey_minimum,
            release_interval: self.release_interval,
        }
    }
}

/// The field `alias` is from when there was but one, for all days; who still posts it says the same as ever.
fn aliases(at: &Path<'_>, only: &str, many: Vec<wire::CodeAlias>) -> Result<Vec<Alias>, Rejection> {
    if let Some(code) = optional_code(&at.field("alias"), only)? {
        if many.is_empty() {
            return Ok(vec![Alias { code, valid_from: None, valid_to: None }]);
        }
        return Err(at.field("alias").refuse("alias and aliases", "write every one among aliases"));
    }
    list(&at.field("aliases"), MAX_LINKS, many, |at, alias| {
        Ok(Alias {
            code: code(&at.field("code"), &alias.code)?,
            valid_from: optional_date(&at.field("valid_from"), alias.valid_from)?,
            valid_to: optional_date(&at.field("valid_to"), alias.valid_to)?,
        })
    })
}

fn alias_message(alias: &Alias) -> wire::CodeAlias {
    wire::CodeAlias {
        code: shown(&alias.code),
        valid_from: alias.valid_from.map(day),
        valid_to: alias.valid_to.map(day),
    }
}
