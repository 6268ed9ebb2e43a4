//! All that is shown, and the word that proves that an order comes from one of our own pages.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::book::Book;
use crate::http::{Kind, Token, Trouble};
use crate::live::Live;

/// How many random bytes the word is made of.
const BYTES: usize = 24;

/// All that is shown.
#[derive(Debug)]
pub struct Site {
    /// The rows of runs that ended.
    pub book: Arc<Book>,
    live: Option<Live>,
    token: Token,
}

impl Site {
    /// Numbers alone: a file of rows, of whatever machine.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn of_numbers(book: Arc<Book>) -> std::io::Result<Self> {
        Ok(Self { book, live: None, token: random()? })
    }

    /// Numbers, and what is at work.
    ///
    /// # Errors
    /// The same.
    pub fn of_all(book: Arc<Book>, live: Live) -> std::io::Result<Self> {
        Ok(Self { book, live: Some(live), token: random()? })
    }

    /// Whether more than numbers is shown.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// What is at work.
    pub fn live(&self) -> Result<&Live, Trouble> {
        let missing = || {
            Trouble::new(Kind::NotFound, "only the numbers of a file are shown here")
                .hint("`herder dashboard` without --stats shows what is at work too")
        };
        self.live.as_ref().ok_or_else(missing)
    }

    /// What an order has to hold: our own pages do, and pages of other sites cannot read it.
    pub fn token(&self) -> &Token {
        &self.token
    }
}

fn random() -> std::io::Result<Token> {
    let mut bytes = [0; BYTES];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Token::new(&URL_SAFE_NO_PAD.encode(bytes)).map_err(std::io::Error::other)
}
