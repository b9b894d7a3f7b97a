//! Forms and what surrounds them: documents, witnessing, reviews, history, what is owed, the CRD.
//!
//! Every function takes the customer's own row or its id from one, so that the scope was checked when
//! the customer was found.

use bytes::Bytes;
use domain::compliance::{
    ComplianceStatus, CrdState, Document, DocumentRole, DocumentStatus, Form, FormStatus,
    Notarisation, ReasonCode, Requirement, Review,
};
use domain::id::{CustomerId, DocumentId, FormId, OperatorId};
use domain::{Timestamp, compliance::Decision};

use crate::{Result, Row, Tx, args, json, statements};

statements! {
    FORM_INSERT = "insert into forms (id, customer_id, revision, edition, status, data, signed_at, submitted_at,
        approved_at, rejected_at, closed_on, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FORM_UPDATE = "update forms set status = $2, data = $3, signed_at = $4, submitted_at = $5, approved_at = $6,
        rejected_at = $7, closed_on = $8 where id = $1";
    FORM_CURRENT = "select id, customer_id, revision, edition, status, data, signed_at, submitted_at, approved_at,
        rejected_at, closed_on, created_at from forms where customer_id = $1 order by revision desc limit 1";
    FORMS_REJECTED = "select count(*) from forms where customer_id = $1 and status = 'rejected'";
    DOCUMENT_INSERT = "insert into documents (id, customer_id, role, kind, issuing_entity, number_sealed, number_last4,
        expires_on, name_on_document, address, sha256, status, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    DOCUMENT_LIST = "select id, customer_id, role, kind, issuing_entity, number_last4, expires_on, name_on_document,
        address, sha256, status, created_at from documents where customer_id = $1 order by created_at, id";
    DOCUMENTS_MARK = "update documents set status = $4 where customer_id = $1 and status = $3
        and (role = $2 or $2 is null)";
    DOCUMENT_MARK = "update documents set status = $2 where id = $1";
    NOTARISATION_INSERT = "insert into notarisations (id, form_id, method, status, witness_name, commission_state,
        session_from, session_to, completed_at, reasons, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    NOTARISATION_NEWEST = "select n.id, n.form_id, n.method, n.status, n.witness_name, n.commission_state,
        n.session_from, n.session_to, n.completed_at, n.reasons from notarisations n
        join forms f on f.id = n.form_id where f.customer_id = $1 order by n.created_at desc, n.id desc limit 1";
    REVIEW_INSERT = "insert into reviews (id, customer_id, form_id, decision, reasons, checklist, note, decided_by,
        decided_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    REVIEW_NEWEST = "select id, customer_id, form_id, decision, reasons, checklist, note, decided_by, decided_at
        from reviews where customer_id = $1 order by decided_at desc, id desc limit 1";
    HISTORY_INSERT = "insert into compliance_history (customer_id, n, status, at)
        select $1, coalesce(max(n), 0) + 1, $2, $3 from compliance_history where customer_id = $1";
    HISTORY_BEGIN = "insert into compliance_history (customer_id, n, status, at) values ($1, 1, $2, $3)";
    HISTORY_LIST = "select status, at from compliance_history where customer_id = $1 order by n";
    REQUIREMENT_INSERT = "insert into compliance_requirements (customer_id, requirement, due_at) values ($1, $2, $3)
        on conflict (customer_id, requirement) do nothing";
    REQUIREMENT_LIST = "select requirement, due_at from compliance_requirements where customer_id = $1
        order by due_at, requirement";
    REQUIREMENTS_CLEAR = "delete from compliance_requirements where customer_id = $1";
    CRD_PUT = "insert into crd_records (customer_id, operator_id, form_id, state, updated_at)
        values ($1, $2, $3, $4, $5) on conflict (customer_id)
        do update set form_id = excluded.form_id, state = excluded.state, updated_at = excluded.updated_at";
    CRD_GET = "select customer_id, operator_id, form_id, state, updated_at from crd_records where customer_id = $1";
    CRD_LIST = "select customer_id, operator_id, form_id, state, updated_at from crd_records
        where operator_id = $1 and state = $2 order by updated_at, customer_id limit $3";
}

pub async fn form_insert(tx: &Tx, f: &Form) -> Result<()> {
    let row = args![
        f.id,
        f.customer_id,
        f.revision,
        f.edition,
        f.status,
        json::form_to(&f.data),
        f.signed_at,
        f.submitted_at,
        f.approved_at,
        f.rejected_at,
        f.closed_on,
        f.created_at
    ];
    tx.post(FORM_INSERT, row).await
}

/// Stores what changes in the life of one revision.
pub async fn form_update(tx: &Tx, f: &Form) -> Result<()> {
    let data = json::form_to(&f.data);
    let row = args![
        f.id,
        f.status,
        data,
        f.signed_at,
        f.submitted_at,
        f.approved_at,
        f.rejected_at,
        f.closed_on
    ];
    tx.post(FORM_UPDATE, row).await
}

/// The newest revision; every customer has one from the start.
pub async fn form_current(tx: &Tx, customer: CustomerId) -> Result<Form> {
    let read = |r: &mut Row| {
        Ok(Form {
            id: r.next()?,
            customer_id: r.next()?,
            revision: r.next()?,
            edition: r.next()?,
            status: r.next::<FormStatus>()?,
            data: json::form_from(&r.next::<String>()?)?,
            signed_at: r.next()?,
            submitted_at: r.next()?,
            approved_at: r.next()?,
            rejected_at: r.next()?,
            closed_on: r.next()?,
            created_at: r.next()?,
        })
    };
    tx.one(FORM_CURRENT, args![customer], read).await
}

/// How many revisions were rejected.
pub async fn forms_rejected(tx: &Tx, customer: CustomerId) -> Result<i64> {
    tx.one(FORMS_REJECTED, args![customer], Row::next).await
}

/// Stores a document with its sealed number.
pub async fn document_insert(tx: &Tx, d: &Document, number_sealed: Option<Bytes>) -> Result<()> {
    let row = args![
        d.id,
        d.customer_id,
        d.role,
        d.kind,
        d.issuing_entity,
        number_sealed,
        d.number_last4,
        d.expires_on,
        d.name_on_document,
        d.address.as_ref().map(json::address_to),
        d.sha256,
        d.status,
        d.created_at
    ];
    tx.post(DOCUMENT_INSERT, row).await
}

/// A customer's documents, oldest first.
pub async fn document_list(tx: &Tx, customer: CustomerId) -> Result<Vec<Document>> {
    let read = |r: &mut Row| {
        Ok(Document {
            id: r.next()?,
            customer_id: r.next()?,
            role: r.next()?,
            kind: r.next()?,
            issuing_entity: r.next()?,
            number_last4: r.next()?,
            expires_on: r.next()?,
            name_on_document: r.next()?,
            address: r.next::<Option<String>>()?.map(|a| json::address_from(&a)).transpose()?,
            sha256: r.next()?,
            status: r.next()?,
            created_at: r.next()?,
        })
    };
    tx.all(DOCUMENT_LIST, args![customer], read).await
}

/// Moves a customer's documents, of one role or of all, from one state to another.
pub async fn documents_mark(
    tx: &Tx,
    customer: CustomerId,
    role: Option<DocumentRole>,
    from: DocumentStatus,
    to: DocumentStatus,
) -> Result<()> {
    tx.post(DOCUMENTS_MARK, args![customer, role, from, to]).await
}

/// Moves one document to another state.
pub async fn document_mark(tx: &Tx, id: DocumentId, to: DocumentStatus) -> Result<()> {
    tx.post(DOCUMENT_MARK, args![id, to]).await
}

pub async fn notarisation_insert(tx: &Tx, n: &Notarisation, now: Timestamp) -> Result<()> {
    let row = args![
        n.id,
        n.form_id,
        n.method,
        n.status,
        n.witness_name,
        n.commission_state,
        n.session.map(|(from, _)| from),
        n.session.map(|(_, to)| to),
        n.completed_at,
        reasons_to(&n.reasons),
        now
    ];
    tx.post(NOTARISATION_INSERT, row).await
}

/// The newest try at witnessing any of the customer's forms.
pub async fn notarisation_newest(tx: &Tx, customer: CustomerId) -> Result<Option<Notarisation>> {
    let read = |r: &mut Row| {
        Ok(Notarisation {
            id: r.next()?,
            form_id: r.next()?,
            method: r.next()?,
            status: r.next()?,
            witness_name: r.next()?,
            commission_state: r.next()?,
            session: r.next::<Option<Timestamp>>()?.zip(r.next()?),
            completed_at: r.next()?,
            reasons: reasons_from(&r.next::<String>()?)?,
        })
    };
    tx.opt(NOTARISATION_NEWEST, args![customer], read).await
}

pub async fn review_insert(tx: &Tx, v: &Review) -> Result<()> {
    let row = args![
        v.id,
        v.customer_id,
        v.form_id,
        v.decision,
        reasons_to(&v.reasons),
        json::checklist_to(&v.checklist),
        v.note,
        v.decided_by,
        v.decided_at
    ];
    tx.post(REVIEW_INSERT, row).await
}

pub async fn review_newest(tx: &Tx, customer: CustomerId) -> Result<Option<Review>> {
    let read = |r: &mut Row| {
        Ok(Review {
            id: r.next()?,
            customer_id: r.next()?,
            form_id: r.next()?,
            decision: r.next::<Decision>()?,
            reasons: reasons_from(&r.next::<String>()?)?,
            checklist: json::checklist_from(&r.next::<String>()?)?,
            note: r.next()?,
            decided_by: r.next()?,
            decided_at: r.next()?,
        })
    };
    tx.opt(REVIEW_NEWEST, args![customer], read).await
}

fn reasons_to(reasons: &[ReasonCode]) -> String {
    json::words_to(reasons.iter().map(|r| r.as_str()))
}

fn reasons_from(text: &str) -> Result<Vec<ReasonCode>> {
    json::words_from(text, ReasonCode::parse)
}

/// Writes the first line of a new customer's compliance history.
pub async fn history_begin(
    tx: &Tx,
    customer: CustomerId,
    status: ComplianceStatus,
    at: Timestamp,
) -> Result<()> {
    tx.post(HISTORY_BEGIN, args![customer, status, at]).await
}

/// Adds a line to the customer's compliance history.
pub async fn history_insert(
    tx: &Tx,
    customer: CustomerId,
    status: ComplianceStatus,
    at: Timestamp,
) -> Result<()> {
    tx.post(HISTORY_INSERT, args![customer, status, at]).await
}

/// Every status that the customer had, oldest first.
pub async fn history_list(
    tx: &Tx,
    customer: CustomerId,
) -> Result<Vec<(ComplianceStatus, Timestamp)>> {
    tx.all(HISTORY_LIST, args![customer], |r| Ok((r.next()?, r.next()?))).await
}

/// Asks for something by a time; what was asked for before keeps its time.
pub async fn requirement_put(
    tx: &Tx,
    customer: CustomerId,
    requirement: Requirement,
    due_at: Timestamp,
) -> Result<()> {
    tx.post(REQUIREMENT_INSERT, args![customer, requirement, due_at]).await
}

/// What a customer was asked for, the most urgent first.
pub async fn requirement_list(
    tx: &Tx,
    customer: CustomerId,
) -> Result<Vec<(Requirement, Timestamp)>> {
    tx.all(REQUIREMENT_LIST, args![customer], |r| Ok((r.next()?, r.next()?))).await
}

pub async fn requirements_clear(tx: &Tx, customer: CustomerId) -> Result<()> {
    tx.post(REQUIREMENTS_CLEAR, args![customer]).await
}

/// Where a customer's form stands in the USPS Customer Registration Database.
#[derive(Clone, Debug)]
pub struct CrdRecord {
    pub customer_id: CustomerId,
    pub operator_id: OperatorId,
    pub form_id: FormId,
    pub state: CrdState,
    pub updated_at: Timestamp,
}

pub async fn crd_put(tx: &Tx, c: &CrdRecord) -> Result<()> {
    let row = args![c.customer_id, c.operator_id, c.form_id, c.state, c.updated_at];
    tx.post(CRD_PUT, row).await
}

pub async fn crd_find(tx: &Tx, customer: CustomerId) -> Result<Option<CrdRecord>> {
    tx.opt(CRD_GET, args![customer], crd).await
}

/// An operator's records in one state, the longest untouched first.
pub async fn crd_list(
    tx: &Tx,
    operator: OperatorId,
    state: CrdState,
    limit: i64,
) -> Result<Vec<CrdRecord>> {
    tx.all(CRD_LIST, args![operator, state, limit], crd).await
}

fn crd(r: &mut Row) -> Result<CrdRecord> {
    Ok(CrdRecord {
        customer_id: r.next()?,
        operator_id: r.next()?,
        form_id: r.next()?,
        state: r.next()?,
        updated_at: r.next()?,
    })
}
