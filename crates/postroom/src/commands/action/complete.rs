//! `postroom action complete`: what proves that work was done, one verb a kind.

use app::mail_actions::ActionView;
use app::mail_actions::complete::{Destruction, Handover, Outcome, Shipment, complete};
use app::{OpCtx, Tx};
use clap::Subcommand;

/// How an item may be destroyed.
const METHODS: [&str; 2] = ["crosscut", "contractor"];

#[derive(Clone, Subcommand)]
pub(super) enum Done {
    /// The contents were scanned.
    Scan {
        id: String,
        /// Pages that were scanned.
        #[arg(long, value_name = "N")]
        pages: i64,
    },
    /// A carrier took the parcel.
    Forward {
        id: String,
        #[arg(long)]
        carrier: Option<String>,
        /// The carrier's service.
        #[arg(long)]
        service: Option<String>,
        #[arg(long, value_name = "NUMBER", required_unless_present = "untracked")]
        tracking_number: Option<String>,
        /// The service has no tracking.
        #[arg(long, conflicts_with = "tracking_number")]
        untracked: bool,
        /// What it cost in the end, in the smallest unit of the currency.
        #[arg(long, value_name = "AMOUNT")]
        cost_minor: Option<i64>,
    },
    /// The item was destroyed before a witness.
    Shred {
        id: String,
        /// Read from the item: its id.
        #[arg(long, value_name = "MAIL_ID")]
        item_barcode: String,
        /// Read from the bin.
        #[arg(long, value_name = "TEXT")]
        bin_barcode: String,
        /// Who watched.
        #[arg(long, value_name = "NAME")]
        witness: String,
        #[arg(long, value_parser = METHODS, default_value = METHODS[0])]
        method: String,
    },
    /// Somebody collected the item; known by the pickup's code, or by a photo ID.
    Pickup {
        id: String,
        /// Who took it.
        #[arg(long, value_name = "NAME")]
        to: String,
        #[arg(long, required_unless_present = "id_type")]
        code: Option<String>,
        /// The kind of photo ID that was checked, such as passport.
        #[arg(long, value_name = "TYPE")]
        id_type: Option<String>,
    },
}

impl Done {
    pub(super) async fn record(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<ActionView> {
        let (id, outcome) = match self.clone() {
            Self::Scan { id, pages } => (id, Outcome::Scanned { pages }),
            Self::Forward { id, carrier, service, tracking_number, untracked, cost_minor } => {
                let shipment =
                    Shipment { carrier, service, tracking_number, untracked, cost_minor };
                (id, Outcome::Forwarded(shipment))
            }
            Self::Shred { id, item_barcode, bin_barcode, witness, method } => {
                let destruction = Destruction { item_barcode, bin_barcode, witness, method };
                (id, Outcome::Shredded(destruction))
            }
            Self::Pickup { id, to, code, id_type } => {
                (id, Outcome::PickedUp(Handover { released_to: to, code, id_type }))
            }
        };
        complete(tx, ctx, &id, &outcome).await
    }
}
