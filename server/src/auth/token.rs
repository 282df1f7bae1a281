//! API tokens: `mst_<id>_<secret>`. The id finds the row, the secret is stored as its hash.

use muster_plans::time::{Span, Time};
use muster_store::Token;

use super::principal::Bounds;
use super::role::Role;
use super::session::principal;
use super::{Auth, AuthError, Principal, Privilege, Via, secret};

/// By this secret scanners know it.
const PREFIX: &str = "mst_";
/// Its use is written down this often.
const TOUCH: Span = Span::mins(1);

/// What a token is made for.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// The user on whose behalf it acts.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// Names of roles that it may use of those that its user has; `None`: all of them.
    pub scopes: Option<Vec<String>>,
    /// When it ends; `None`: it does not.
    pub expires_at: Option<Time>,
}

impl Auth {
    /// Makes a token that may do what its user may, and does not end by itself. The text is not
    /// shown again.
    ///
    /// # Errors
    /// Where there is no such user.
    pub async fn issue_token(&self, user: &str, label: &str) -> Result<String, AuthError> {
        let new =
            NewToken { user: user.to_owned(), label: label.to_owned(), ..NewToken::default() };
        Ok(self.make_token(new).await?.1)
    }

    /// Makes a token; answers its row and its text, which is not shown again.
    ///
    /// # Errors
    /// Where there is no such user or role.
    pub async fn make_token(&self, new: NewToken) -> Result<(Token, String), AuthError> {
        if self.store().users().get(&new.user).await?.is_none() {
            return Err(AuthError::NotFound(format!("user `{}`", new.user)));
        }
        for scope in new.scopes.iter().flatten() {
            scope.parse::<Role>()?;
        }
        let id = secret::typed(12)?;
        let text = format!("{PREFIX}{id}_{}", secret::long()?);
        let token = Token {
            id,
            digest: secret::digest(&text),
            user: new.user,
            label: new.label,
            scopes: new.scopes,
            created_at: self.now(),
            expires_at: new.expires_at,
            last_used: None,
            revoked_at: None,
        };
        self.store().tokens().create(&token).await?;
        Ok((token, text))
    }

    /// Makes a token for somebody who is signed in. Whoever came in with a token gets none that may
    /// more or lasts longer than that one: where nothing is asked for, it is bound like that one.
    ///
    /// # Errors
    /// As [`Auth::make_token`], and [`AuthError::WiderToken`].
    pub async fn make_own_token(
        &self,
        who: &Principal,
        new: NewToken,
    ) -> Result<(Token, String), AuthError> {
        self.make_token(within(&who.bounds, new)?).await
    }

    /// Who a token belongs to; `None`: nobody, or nobody any more.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn by_token(&self, text: &str) -> Result<Option<Principal>, AuthError> {
        let Some((id, _)) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        match self.store().tokens().find(id).await? {
            Some(token) if secret::same(&token.digest, &secret::digest(text)) => {
                self.of_token(token).await
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn by_token_id(&self, id: &str) -> Result<Option<Principal>, AuthError> {
        match self.store().tokens().find(id).await? {
            Some(token) => self.of_token(token).await,
            None => Ok(None),
        }
    }

    async fn of_token(&self, token: Token) -> Result<Option<Principal>, AuthError> {
        let now = self.now();
        if !token.is_live(now) {
            return Ok(None);
        }
        let user = self.store().users().get(&token.user).await?;
        let Some(user) = user.filter(|user| !user.disabled) else { return Ok(None) };
        if token.last_used.is_none_or(|last| now.since(last) >= TOUCH) {
            self.store().tokens().touch(&token.id, now).await?;
        }
        let mut who = principal(&user, Via::Token(token.id));
        if let Some(scopes) = &token.scopes {
            who.roles.retain(|role| scopes.contains(role));
            // Both what its user may and what it was made for, whichever is less.
            who.privileges = who.privileges.and(Role::together(scopes));
        }
        who.bounds = Bounds { scopes: token.scopes, ends: token.expires_at };
        Ok(Some(who))
    }

    /// Ends a token at once. Somebody else's token takes who may administer users.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] where there is none that this person may end.
    pub async fn revoke_token(&self, who: &Principal, id: &str) -> Result<(), AuthError> {
        let token = self.store().tokens().find(id).await?;
        let may = |token: &Token| token.user == who.user || who.may(Privilege::UserAdmin);
        if !token.as_ref().is_some_and(may) {
            return Err(AuthError::NotFound(format!("token `{id}`")));
        }
        Ok(self.store().tokens().revoke(id, self.now()).await?)
    }
}

/// What is asked for, within the bounds of the token that asks.
fn within(bounds: &Bounds, mut new: NewToken) -> Result<NewToken, AuthError> {
    if let Some(own) = &bounds.scopes {
        let asked = new.scopes.get_or_insert_with(|| own.clone());
        let wider: Vec<_> = asked.iter().filter(|scope| !own.contains(scope)).cloned().collect();
        if !wider.is_empty() {
            let (wider, own) = (wider.join(", "), own.join(", "));
            return Err(AuthError::WiderToken(format!("the scopes {wider} (it has {own})")));
        }
    }
    if let Some(end) = bounds.ends {
        let asked = *new.expires_at.get_or_insert(end);
        if asked > end {
            return Err(AuthError::WiderToken(format!("an end after {end}")));
        }
    }
    Ok(new)
}
