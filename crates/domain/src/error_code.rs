//! The closed list of error codes. Those of the Partner API have a section each in `docs/errors.md`, which the
//! developer pages show; a test compares the two. What the e-mail API alone refuses comes after them.

crate::words! {
    /// Why a request was refused. Stable, unlike the message beside it.
    pub enum ErrorCode {
        ApiKeyMissing = "api_key_missing",
        ApiKeyMalformed = "api_key_malformed",
        ApiKeyUnknown = "api_key_unknown",
        ApiKeyRevoked = "api_key_revoked",
        ApiKeyExpired = "api_key_expired",
        InsufficientScope = "insufficient_scope",
        IpNotAllowed = "ip_not_allowed",
        PartnerSuspended = "partner_suspended",
        CustomerNotFound = "customer_not_found",
        MailNotFound = "mail_not_found",
        MailboxNotFound = "mailbox_not_found",
        NotFound = "not_found",
        RouteNotFound = "route_not_found",
        MethodNotAllowed = "method_not_allowed",
        InvalidJson = "invalid_json",
        InvalidParameter = "invalid_parameter",
        UnknownParameter = "unknown_parameter",
        CursorInvalid = "cursor_invalid",
        IdempotencyKeyInvalid = "idempotency_key_invalid",
        IdempotencyKeyRequired = "idempotency_key_required",
        IdempotencyInProgress = "idempotency_in_progress",
        IdempotencyKeyReused = "idempotency_key_reused",
        ValidationFailed = "validation_failed",
        UnknownField = "unknown_field",
        FieldNotWritable = "field_not_writable",
        FieldLocked = "field_locked",
        PhotoUrlNotAllowed = "photo_url_not_allowed",
        ForwardingAddressRequired = "forwarding_address_required",
        AddressUndeliverable = "address_undeliverable",
        ExternalCustomerIdExists = "external_customer_id_exists",
        CustomerInactive = "customer_inactive",
        BillingInactive = "billing_inactive",
        InsufficientPrepayBalance = "insufficient_prepay_balance",
        ComplianceNotApproved = "compliance_not_approved",
        MailboxNotActive = "mailbox_not_active",
        MailboxUnavailable = "mailbox_unavailable",
        NoMailboxAvailable = "no_mailbox_available",
        MailNotActionable = "mail_not_actionable",
        ActionConflict = "action_conflict",
        AlreadyScanned = "already_scanned",
        ServiceNotOffered = "service_not_offered",
        ConfirmationRequired = "confirmation_required",
        LegalHold = "legal_hold",
        MailNotDeletable = "mail_not_deletable",
        MailNotPartnerCreated = "mail_not_partner_created",
        EndpointNotEnabled = "endpoint_not_enabled",
        DeliveryUnderWay = "delivery_under_way",
        DeliveryNotOwed = "delivery_not_owed",
        RecoveryEnded = "recovery_ended",
        PreconditionFailed = "precondition_failed",
        PayloadTooLarge = "payload_too_large",
        UnsupportedMediaType = "unsupported_media_type",
        RateLimited = "rate_limited",
        InternalError = "internal_error",
        TemporarilyUnavailable = "temporarily_unavailable",
        /// Of the e-mail API alone, as all that follow.
        Conflict = "conflict",
        HandleUnavailable = "agent_handle_unavailable",
        RuleExists = "contact_rule_exists",
        RedundantGrant = "redundant_grant",
        RecipientBlocked = "recipient_blocked",
        StorageLimitExceeded = "storage_limit_exceeded",
        DraftGenerationConflict = "draft_generation_conflict",
        DraftSendInProgress = "draft_send_in_progress",
        DraftDeliveryUncertain = "draft_delivery_uncertain",
        ImportInFlight = "mail_import_already_in_flight",
        ImportQuotaExceeded = "mail_import_quota_exceeded",
    }
}

impl ErrorCode {
    /// Those that the Partner API answers with.
    pub fn of_partner_api() -> &'static [Self] {
        &Self::ALL[..Self::Conflict as usize]
    }

    /// True when the same request, sent again later, may succeed without anybody changing anything.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::IdempotencyInProgress
                | Self::RateLimited
                | Self::InternalError
                | Self::TemporarilyUnavailable
        )
    }
}
