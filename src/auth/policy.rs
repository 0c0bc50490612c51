//! Who may call what: one row an RPC, and one a page.
//!
//! Invariant: an RPC or a page without a row cannot be had; a test reads the schema and the routes, and fails on one that
//! has none.

use super::principal::{Role, Roles};

/// Who may call one RPC, or see one page.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As HTTP/2 spells it; of a page, its route.
    pub rpc: &'static str,
    /// Anybody may, without saying who they are.
    pub open: bool,
    /// Any of these roles will do.
    pub roles: Roles,
    /// The caller must have a name to post under.
    pub needs_source: bool,
    /// Anybody may, if an operator says so.
    pub may_be_public: bool,
}

const fn row(rpc: &'static str, roles: &[Role]) -> Row {
    Row { rpc, open: false, roles: Roles::of(roles), needs_source: false, may_be_public: false }
}

const fn posting(rpc: &'static str) -> Row {
    Row { needs_source: true, ..row(rpc, &[Role::Poster]) }
}

const fn anybody(rpc: &'static str) -> Row {
    Row { open: true, ..row(rpc, &[]) }
}

/// Hashes and signatures: they say nothing of what is recorded to whoever does not have it.
const fn hashes(route: &'static str) -> Row {
    Row { may_be_public: true, ..row(route, &[Poster, Reader, Auditor, Operator]) }
}

use Role::{Auditor, Operator, Poster, Reader};

/// The table. What a poster sees of `ReaderService` is its own events; the service itself sees to that.
pub const TABLE: &[Row] = &[
    posting("/pledgebook.v1.RecorderService/Append"),
    posting("/pledgebook.v1.RecorderService/AppendStream"),
    row("/pledgebook.v1.RecorderService/GetReceipt", &[Poster, Auditor]),
    row("/pledgebook.v1.ReaderService/GetEvent", &[Poster, Auditor]),
    row("/pledgebook.v1.ReaderService/Read", &[Poster, Auditor]),
    row("/pledgebook.v1.ReaderService/Subscribe", &[Poster, Auditor]),
    row("/pledgebook.v1.ReaderService/GetSubject", &[Poster, Auditor]),
    row("/pledgebook.v1.AuditService/GetCheckpoint", &[Poster, Reader, Auditor, Operator]),
    row("/pledgebook.v1.AuditService/ListKeys", &[Poster, Reader, Auditor, Operator]),
    row("/pledgebook.v1.AuditService/ProveInclusion", &[Poster, Reader, Auditor, Operator]),
    row("/pledgebook.v1.AuditService/GetProof", &[Auditor]),
    row("/pledgebook.v1.AuditService/ProveConsistency", &[Poster, Reader, Auditor, Operator]),
    row("/pledgebook.v1.AuditService/ReadRecords", &[Auditor]),
    row("/pledgebook.v1.AuditService/Verify", &[Auditor, Operator]),
    row("/pledgebook.v1.AuditService/Export", &[Auditor]),
    row("/pledgebook.v1.AuditService/AddCosignature", &[Auditor, Operator]),
    row("/pledgebook.v1.ReportService/GetReport", &[Reader, Auditor]),
    row("/pledgebook.v1.ReportService/ExplainFigure", &[Reader, Auditor]),
    row("/pledgebook.v1.ReportService/TracePolicyChange", &[Reader, Auditor]),
    // Whoever is no operator posts the issue under its own name, if that was granted to it.
    row("/pledgebook.v1.ReportService/IssueReport", &[Reader, Auditor, Operator]),
    row("/pledgebook.v1.ReportService/ListIssued", &[Reader, Auditor, Operator]),
    row("/pledgebook.v1.ReportService/WatchReport", &[Reader, Auditor]),
    row("/pledgebook.v1.ReportService/ListDefinitions", &[Poster, Reader, Auditor, Operator]),
    row("/pledgebook.v1.LedgerAdminService/CreateLedger", &[Operator]),
    row("/pledgebook.v1.LedgerAdminService/ListLedgers", &[Operator, Auditor]),
    row("/pledgebook.v1.LedgerAdminService/SetGrants", &[Operator]),
    row("/pledgebook.v1.LedgerAdminService/CorrectClock", &[Operator]),
    row("/pledgebook.v1.LedgerAdminService/RotateKey", &[Operator]),
    anybody("/grpc.health.v1.Health/Check"),
    anybody("/grpc.health.v1.Health/Watch"),
    anybody("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    anybody("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
];

/// The table of the pages, by their routes.
pub const PAGES: &[Row] = &[
    hashes("/ledgers/{ledger}/checkpoint"),
    hashes("/ledgers/{ledger}/tile/{level}/{*tile}"),
    row("/ledgers/{ledger}/tile/entries/{*tile}", &[Auditor]),
];

/// The row of an RPC.
pub fn row_of(rpc: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.rpc == rpc)
}

/// The row of a page.
pub fn page(route: &str) -> Option<&'static Row> {
    PAGES.iter().find(|row| row.rpc == route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    /// Every RPC of the schema, and of the standard services beside it.
    fn rpcs() -> Vec<String> {
        let sets: [&[u8]; 3] = [
            crate::grpc::wire::DESCRIPTOR,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        ];
        let files =
            sets.into_iter().flat_map(|set| prost_types::FileDescriptorSet::decode(set).unwrap().file);
        files
            .flat_map(|file| {
                let package = file.package().to_owned();
                file.service.into_iter().flat_map(move |service| {
                    let prefix = format!("/{package}.{}", service.name());
                    service.method.into_iter().map(move |method| format!("{prefix}/{}", method.name()))
                })
            })
            .collect()
    }

    #[test]
    fn every_rpc_of_the_schema_has_a_row() {
        let missing: Vec<_> = rpcs().into_iter().filter(|rpc| row_of(rpc).is_none()).collect();
        assert!(missing.is_empty(), "add a row to the table for {missing:?}");
    }

    #[test]
    fn every_row_is_an_rpc_and_stands_once() {
        let rpcs = rpcs();
        for (index, row) in TABLE.iter().enumerate() {
            assert!(row.rpc.contains("v1alpha") || rpcs.iter().any(|rpc| rpc == row.rpc), "{}", row.rpc);
            assert!(TABLE[..index].iter().all(|other| other.rpc != row.rpc), "{} stands twice", row.rpc);
        }
    }

    #[test]
    fn every_page_has_a_row_and_every_row_of_a_page_stands_once() {
        let routes = crate::web::ROUTES;
        let missing: Vec<_> = routes.iter().filter(|route| page(route).is_none()).collect();
        assert!(missing.is_empty(), "add a row to the table of pages for {missing:?}");
        assert_eq!(routes.len(), PAGES.len(), "a row of no page, or one that stands twice");
    }

    #[test]
    fn no_page_with_records_may_be_public_and_none_is_without_a_role() {
        for row in PAGES {
            assert!(!row.open && !row.roles.is_empty(), "{}", row.rpc);
            assert_eq!(row.may_be_public, !row.rpc.contains("entries"), "{}", row.rpc);
        }
        assert!(TABLE.iter().all(|row| !row.may_be_public));
    }

    #[test]
    fn only_health_and_reflection_are_open_and_nothing_of_ours_is_without_a_role() {
        for row in TABLE {
            assert_eq!(row.open, row.rpc.starts_with("/grpc."), "{}", row.rpc);
            assert_eq!(row.open, row.roles.is_empty(), "{}", row.rpc);
        }
    }
}
