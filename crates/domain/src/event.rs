//! The types of events: the fourteen that partners hear, in the order in which the seed lists them, those
//! that an operator hears about the webhooks of its partners (webhooks.md 5.16), and the six of an e-mail
//! mailbox (seed 002).
//!
//! Which transition emits which is written beside the state machines; the payloads are in
//! `wire::events`.

crate::words! {
    /// What an event says happened (seed 000, "Webhook Events and Automation"; seed 002). Declared one
    /// audience after the other.
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
        EndpointCreated = "endpoint.created",
        EndpointUpdated = "endpoint.updated",
        EndpointDeleted = "endpoint.deleted",
        EndpointEnabled = "endpoint.enabled",
        EndpointDisabled = "endpoint.disabled",
        EndpointFailing = "endpoint.failing",
        EndpointDisableWarning = "endpoint.disable_warning",
        EndpointRecovered = "endpoint.recovered",
        DeliveryExhausted = "delivery.exhausted",
        DeliveryRecovered = "delivery.recovered",
        RecoveryFinished = "recovery.finished",
        BacklogDropped = "backlog.dropped",
        SecretRotated = "secret.rotated",
        CertificateExpiring = "certificate.expiring",
        QuotaReached = "quota.reached",
        MessageReceived = "message.received",
        MessageSent = "message.sent",
        MessageForwarded = "message.forwarded",
        MessageDelivered = "message.delivered",
        MessageBounced = "message.bounced",
        MessageFailed = "message.failed",
    }
}

/// Who hears events of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The partner that the event is about.
    Partner,
    /// The operator above that partner.
    Operator,
    /// Subscriptions of the e-mail mailbox that the event is about.
    Mailbox,
}

impl Audience {
    /// The types that it hears, in the order of the catalogue.
    pub fn types(self) -> &'static [EventType] {
        let (rest, mailboxes) = EventType::ALL.split_at(EventType::MessageReceived as usize);
        let (partners, operators) = rest.split_at(EventType::EndpointCreated as usize);
        match self {
            Self::Partner => partners,
            Self::Operator => operators,
            Self::Mailbox => mailboxes,
        }
    }
}

impl EventType {
    pub fn audience(self) -> Audience {
        if self < Self::EndpointCreated {
            Audience::Partner
        } else if self < Self::MessageReceived {
            Audience::Operator
        } else {
            Audience::Mailbox
        }
    }

    /// The member with this spelling, if partners hear it.
    pub fn parse_for_partner(text: &str) -> Option<Self> {
        Self::parse(text).filter(|kind| kind.audience() == Audience::Partner)
    }

    /// The types that a word of a subscription means: the one of that name, or those of a category, as `mail.*`.
    /// None where there is no such thing.
    pub fn named(word: &str) -> Vec<Self> {
        let Some(category) = word.strip_suffix(".*") else {
            return Self::parse(word).into_iter().collect();
        };
        Self::ALL.iter().copied().filter(|kind| kind.category() == category).collect()
    }

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
            Self::EndpointCreated
            | Self::EndpointUpdated
            | Self::EndpointDeleted
            | Self::EndpointEnabled
            | Self::EndpointDisabled
            | Self::EndpointFailing
            | Self::EndpointDisableWarning
            | Self::EndpointRecovered => "endpoint",
            Self::DeliveryExhausted | Self::DeliveryRecovered => "delivery",
            Self::RecoveryFinished => "recovery",
            Self::BacklogDropped => "backlog",
            Self::SecretRotated => "secret",
            Self::CertificateExpiring => "certificate",
            Self::QuotaReached => "quota",
            Self::MessageReceived
            | Self::MessageSent
            | Self::MessageForwarded
            | Self::MessageDelivered
            | Self::MessageBounced
            | Self::MessageFailed => "message",
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
            Self::EndpointCreated => "A partner made a webhook endpoint.",
            Self::EndpointUpdated => {
                "Where an endpoint is, what it hears or how it is sent to changed."
            }
            Self::EndpointDeleted => "An endpoint was deleted; nothing more is sent to it.",
            Self::EndpointEnabled => "An endpoint that took nothing is sent to again.",
            Self::EndpointDisabled => "An endpoint takes nothing from now on; its status says why.",
            Self::EndpointFailing => "An endpoint has only failed for an hour, or ten times.",
            Self::EndpointDisableWarning => {
                "An endpoint that goes on failing is switched off in a day."
            }
            Self::EndpointRecovered => "An endpoint that was told of as failing answers again.",
            Self::DeliveryExhausted => "A delivery was given up after its last try.",
            Self::DeliveryRecovered => "A delivery that had been given up arrived after all.",
            Self::RecoveryFinished => "A recovery of an endpoint came to its end.",
            Self::BacklogDropped => "Deliveries held for an endpoint were given up without a try.",
            Self::SecretRotated => "An endpoint got a new signing secret, or switched to it.",
            Self::CertificateExpiring => {
                "The client certificate of an endpoint ends soon, or has ended."
            }
            Self::QuotaReached => {
                "A partner has used up most of its quota of stored events, or all of it."
            }
            Self::MessageReceived => "An inbound message was stored in the mailbox.",
            Self::MessageSent => "An outbound message was handed over. Not told of forwards.",
            Self::MessageForwarded => "A forward of a stored message was handed over.",
            Self::MessageDelivered => "The recipient's mail server confirmed the delivery.",
            Self::MessageBounced => "An outbound message bounced, or a recipient complained of it.",
            Self::MessageFailed => "An outbound message was given up after its last try.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_hear_the_fourteen_of_seed_000_and_mailboxes_the_six_of_seed_002() {
        let (partners, operators) = (Audience::Partner.types(), Audience::Operator.types());
        let mailboxes = Audience::Mailbox.types();
        assert_eq!((partners.len(), mailboxes.len()), (14, 6));
        assert_eq!([partners, operators, mailboxes].concat(), EventType::ALL);
        for audience in [Audience::Partner, Audience::Operator, Audience::Mailbox] {
            assert!(audience.types().iter().all(|kind| kind.audience() == audience));
        }
        assert_eq!(EventType::parse_for_partner("endpoint.created"), None);
    }

    #[test]
    fn case_7_a_category_means_its_types_which_one_audience_hears() {
        assert_eq!(EventType::named("package.*"), [EventType::PackageArrived]);
        assert_eq!(EventType::named("mail.*").len(), 9);
        assert_eq!(EventType::named("mail.arrived"), [EventType::MailArrived]);
        for unknown in ["mail", "mail*", "*", ".*", "mail.a*", "nothing.*"] {
            assert_eq!(EventType::named(unknown), [], "{unknown}");
        }
        for kind in EventType::ALL {
            let types = EventType::named(&format!("{}.*", kind.category()));
            assert!(types.contains(kind));
            assert!(types.iter().all(|other| other.audience() == kind.audience()), "{kind}");
        }
    }
}
