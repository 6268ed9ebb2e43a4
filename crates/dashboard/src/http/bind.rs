//! Where the dashboard listens, and what it then asks for.

use std::fmt;
use std::net::SocketAddr;

/// A word that whoever asks has to know. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// An address to listen at. One that other machines reach has a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    address: SocketAddr,
    token: Option<Token>,
}

/// Why an address is not listened at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBound {
    /// Others reach it and would be asked for nothing.
    #[error("{0} is reached by other machines, and there is no token that they would have to know")]
    NoToken(SocketAddr),
    /// A token that can be guessed.
    #[error("the token has {0} characters, fewer than {LEAST}")]
    ShortToken(usize),
}

/// How many characters a token has at least.
const LEAST: usize = 16;

impl Token {
    /// A token.
    pub fn new(text: &str) -> Result<Self, NotBound> {
        let text = text.trim();
        match text.chars().count() {
            short @ ..LEAST => Err(NotBound::ShortToken(short)),
            LEAST.. => Ok(Self(text.to_owned())),
        }
    }

    /// The word itself, for whoever is to know it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether somebody knows it. Takes as long for any text of the same length.
    pub fn is(&self, said: &str) -> bool {
        let (mine, said) = (self.0.as_bytes(), said.as_bytes());
        let differ = mine.iter().zip(said).fold(0, |differ, (one, other)| differ | (one ^ other));
        mine.len() == said.len() && std::hint::black_box(differ) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Bind {
    /// An address, with the token that is asked for there. Only an address of this machine alone needs none.
    pub fn new(address: SocketAddr, token: Option<Token>) -> Result<Self, NotBound> {
        match (address.ip().is_loopback(), &token) {
            (false, None) => Err(NotBound::NoToken(address)),
            (true, _) | (false, Some(_)) => Ok(Self { address, token }),
        }
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_needs_a_token_that_cannot_be_guessed() {
        let (here, anywhere) = (([127, 0, 0, 1], 80).into(), ([0, 0, 0, 0], 80).into());
        assert!(Bind::new(here, None).is_ok());
        assert_eq!(Bind::new(anywhere, None), Err(NotBound::NoToken(anywhere)));
        assert_eq!(Token::new(" short "), Err(NotBound::ShortToken(5)));
        let token = Token::new("0123456789abcdef").expect("long enough");
        assert!(token.is("0123456789abcdef") && !token.is("0123456789abcdeg") && !token.is("0123"));
        assert!(Bind::new(anywhere, Some(token.clone())).is_ok());
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
