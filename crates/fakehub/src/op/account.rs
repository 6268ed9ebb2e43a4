//! Who asks: tokens, and what an app shows instead of one.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::{Done, Refusal};
use crate::state::{Id, State, Token};

/// How long a JWT may be valid, and how far its beginning may lie in the past:
/// <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>.
const LONGEST_JWT: i64 = 600;

/// How long an installation's token lives.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// What an `authorization` header turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// Nobody said who.
    Nobody,
    /// The holder of this token.
    Token(String),
    /// An app, by its JWT.
    App(Id),
}

/// Reads an `authorization` header.
///
/// # Errors
/// When the credential is none: `Bad credentials`.
pub fn identify(state: &State, header: &str) -> Done<Asker> {
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let secret = match scheme.to_ascii_lowercase().as_str() {
        "" => return Ok(Asker::Nobody),
        "basic" => password(rest).ok_or_else(bad)?,
        _ => rest.trim().to_owned(),
    };
    if secret.matches('.').count() == 2 {
        return verify_jwt(state, &secret).map(Asker::App);
    }
    let token = state.tokens.get(&secret).ok_or_else(bad)?;
    if token.expires_at.is_some_and(|end| end <= state.now()) {
        return Err(bad());
    }
    Ok(Asker::Token(secret))
}

fn bad() -> Refusal {
    Refusal::Unauthorized("Bad credentials".to_owned())
}

fn password(encoded: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

fn verify_jwt(state: &State, jwt: &str) -> Done<Id> {
    let refuse = |why: &str| Refusal::Unauthorized(why.to_owned());
    let undecodable = || refuse("A JSON web token could not be decoded");
    let (signed, signature) = jwt.rsplit_once('.').ok_or_else(undecodable)?;
    let (head, claims) = signed.split_once('.').ok_or_else(undecodable)?;
    let json = |part: &str| -> Option<Value> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (head, claims) = json(head).zip(json(claims)).ok_or_else(undecodable)?;
    let issuer = &claims["iss"];
    let issuer = issuer.as_u64().or_else(|| issuer.as_str()?.parse().ok());
    let app = issuer.and_then(|id| state.apps.get(&id));
    let app =
        app.ok_or_else(|| refuse("'Issuer' claim ('iss') must be an Integer or String naming an app"))?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| undecodable())?;
    let key = public_key(&app.public_key).ok_or_else(undecodable)?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    if head["alg"] != "RS256" || key.verify(signed.as_bytes(), &signature).is_err() {
        return Err(undecodable());
    }
    let now = state.now().as_second();
    let (from, until) = (claims["iat"].as_i64().unwrap_or(i64::MAX), claims["exp"].as_i64().unwrap_or(0));
    if from > now {
        return Err(refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ));
    }
    if until <= now {
        return Err(refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ));
    }
    if until - now > LONGEST_JWT {
        return Err(refuse("'Expiration time' claim ('exp') is too far in the future"));
    }
    Ok(app.id)
}

/// The PKCS#1 key inside a PEM with a SubjectPublicKeyInfo, whose head has a fixed length for RSA keys of 2048
/// bits: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    const HEAD: usize = 24;
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(text).ok()?;
    der.get(HEAD..).map(<[u8]>::to_vec)
}

/// Makes a token for an app's installation.
///
/// # Errors
/// When the installation is not the app's.
pub fn install_token(state: &mut State, app: Id, installation: Id) -> Done<(String, Token)> {
    let app = state.apps.get(&app.0).filter(|app| app.installation == installation);
    let app = app.ok_or(Refusal::NotFound)?;
    let (login, permissions) = (app.bot(), Some(app.permissions.clone()));
    let secret = format!("ghs_{:036x}", state.fresh_id().0);
    let token = Token {
        login,
        scopes: Vec::new(),
        permissions,
        installation: Some(installation),
        expires_at: Some(state.now() + TOKEN_LIFE),
    };
    state.tokens.insert(secret.clone(), token.clone());
    Ok((secret, token))
}
