//! `GET /api/whoami`.

use app::email::{keys, organization_id};
use wire::email::keys::Whoami;

use crate::answer;
use crate::call::{Call, Handled};

/// Who calls
#[utoipa::path(
    get, path = "/api/whoami", operation_id = "whoami", tag = "Account",
    responses((status = 200, description = "The key and whose it is.", body = Whoami))
)]
pub(crate) async fn handler(call: Call) -> Handled {
    let (ctx, _) = call.read();
    let key = &call.caller().key;
    let (subtype, scope) = match key.identity_id {
        Some(_) => ("api_key.agent_scoped.claimed", "agent"),
        None => ("api_key.admin_scoped", "admin"),
    };
    let text = |text: &str| Some(text.to_owned());
    Ok(answer::ok(&Whoami {
        auth_type: "api_key".to_owned(),
        auth_subtype: text(subtype),
        scope: text(scope),
        organization_id: Some(organization_id(&ctx)),
        created_by: Some(organization_id(&ctx)),
        creator_type: text("human"),
        key_id: Some(keys::shown(key.key.id)),
        label: Some(key.key.name.clone()),
        description: key.description.clone(),
        created_at: Some(key.key.created_at.to_string()),
        last_used_at: key.key.last_used_at.map(|at| at.to_string()),
        expires_at: key.key.expires_at.map(|at| at.to_string()),
    }))
}
