//! The fourteen event types, in the order in which the seed lists them.
//!
//! Which transition emits which is written beside the state machines; the payloads are in
//! `wire::events`.

crate::words! {
    /// What an event says happened (seed 000, "Webhook Events and Automation").
    pub enum EventType {
        CustomerCreated = "customer.created",
        CustomerActivated = "customer.activated",
        CustomerVerified = "customer.verified",
        CustomerForm1583StatusUpdated = "customer.form_1583_status_updated",
        MailArrived = "mail.arrived",
        PackageArrived = "package.arrived",
        MailScanRequested = "mail.scan_requested",
        MailScanned = "mail.scanned",
        MailForwardRequested = "mail.forward_requested",
        MailForwarded = "mail.forwarded",
        MailShredRequested = "mail.shred_requested",
        MailShredded = "mail.shredded",
        MailPickupRequested = "mail.pickup_requested",
        MailPickupScheduled = "mail.pickup_scheduled",
    }
}

impl EventType {
    /// The word before the full stop, which groups the catalogue.
    pub const fn category(self) -> &'static str {
        match self {
            Self::CustomerCreated
            | Self::CustomerActivated
            | Self::CustomerVerified
            | Self::CustomerForm1583StatusUpdated => "customer",
            Self::PackageArrived => "package",
            Self::MailArrived
            | Self::MailScanRequested
            | Self::MailScanned
            | Self::MailForwardRequested
            | Self::MailForwarded
            | Self::MailShredRequested
            | Self::MailShredded
            | Self::MailPickupRequested
            | Self::MailPickupScheduled => "mail",
        }
    }

    /// One sentence for the catalogue.
    pub const fn description(self) -> &'static str {
        match self {
            Self::CustomerCreated => "A customer was invited and a mailbox reserved.",
            Self::CustomerActivated => "The customer took up the account.",
            Self::CustomerVerified => "A reviewer approved the customer's Form 1583.",
            Self::CustomerForm1583StatusUpdated => "The customer's compliance status changed.",
            Self::MailArrived => "A letter or a package was logged for the customer.",
            Self::PackageArrived => "The mail item just logged is a package.",
            Self::MailScanRequested => "Somebody asked for the contents to be scanned.",
            Self::MailScanned => "The contents were scanned.",
            Self::MailForwardRequested => "Somebody asked for the mail item to be sent on.",
            Self::MailForwarded => "The mail item was handed to a carrier.",
            Self::MailShredRequested => "Somebody asked for the mail item to be destroyed.",
            Self::MailShredded => "The mail item was destroyed and certified.",
            Self::MailPickupRequested => "Somebody asked to collect the mail item.",
            Self::MailPickupScheduled => "A time to collect the mail item was set.",
        }
    }
}
