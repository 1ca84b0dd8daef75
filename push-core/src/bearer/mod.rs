//! Access tokens for services that take OAuth's bearer tokens (RFC 6750): one token for all
//! requests of a client, fetched once for all who wait, and renewed before it ends.

mod fetching;
#[cfg(feature = "oauth")]
pub mod oauth;
mod source;
mod state;
mod token;

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::future::{Either, select};

use self::state::{Found, State};
use crate::session::{Hangup, Session};
use crate::{Backend, Error, ErrorKind, Result};

pub use source::TokenSource;
pub use token::{AccessToken, Token};

/// One access token, shared by all requests that need it. Cheap to clone: clones share it.
///
/// - It is fetched when the first request needs it: by a task of its own, once for all who wait,
///   and nobody's cancellation ends that. Its failure goes to all who wait.
/// - Five minutes before its end, or at half of its lifetime where that is shorter than ten minutes,
///   the first request that needs it starts another fetch in the background. Until that
///   has succeeded the old token serves, as long as it is valid.
/// - Fetches that fail are spaced by 0.5 to 60 seconds, more where the source says so. Where the
///   failure is one of the credentials it is told at once to all who ask in that time; else they
///   wait for the next fetch, within their deadlines.
/// - A token that the service refuses is renewed at once: [`refused`](Self::refused).
/// - Lifetimes are counted by the backend's monotonic clock: setting the wall clock changes nothing.
#[derive(Clone)]
pub struct Bearer {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Arc<dyn Backend>,
    source: Arc<dyn TokenSource>,
    state: Mutex<State>,
    /// Ends the fetch when the last clone is gone.
    hangup: Arc<Hangup>,
}

impl Bearer {
    /// Tokens of this source, fetched by tasks of this backend. Nothing is fetched yet.
    pub fn new(backend: Arc<dyn Backend>, source: Arc<dyn TokenSource>) -> Self {
        Self {
            inner: Arc::new(Inner {
                backend,
                source,
                state: Mutex::default(),
                hangup: Arc::default(),
            }),
        }
    }

    /// The token: at once where there is one, without awaiting anything, and else as soon as it was
    /// fetched.
    ///
    /// # Errors
    /// Why it could not be fetched: [`ErrorKind::Identity`] where the credentials are at fault,
    /// [`ErrorKind::Timeout`] when the deadline passed before. It never says that a request
    /// may have been taken: there was none.
    ///
    /// # Cancel safety
    /// The fetch goes on for the others, and for the next.
    pub async fn token(&self, deadline: Instant) -> Result<Token> {
        match self.find(deadline) {
            Ok(found) => found,
            Err(waiting) => self.wait(waiting, deadline).await,
        }
    }

    /// Likewise, for a request over this session: one that is shut down waits for no token.
    ///
    /// # Errors
    /// As [`token`](Self::token), and [`ErrorKind::Closed`] when the session is shut down meanwhile.
    ///
    /// # Cancel safety
    /// As [`token`](Self::token).
    pub async fn token_for(&self, session: &Session, deadline: Instant) -> Result<Token> {
        let waiting = match self.find(deadline) {
            Ok(found) => return found,
            Err(waiting) => waiting,
        };
        match select(pin!(self.wait(waiting, deadline)), session.closed()).await {
            Either::Left((told, _)) => told,
            Either::Right(_) => {
                let message = "not sent: the session was shut down";
                Err(Error::new(ErrorKind::Closed, message))
            }
        }
    }

    async fn wait(&self, waiting: Waiting<'_>, deadline: Instant) -> Result<Token> {
        let limit = self.inner.backend.sleep_until(deadline);
        match select(waiting, limit).await {
            Either::Left((told, _)) => told,
            Either::Right(_) => Err(self.too_late()),
        }
    }

    /// Says that the service refused this token, and gives whether another takes its place: then the
    /// request may go out once more.
    ///
    /// The first refusal of a token starts a fetch, and requests wait for it; further ones of the
    /// same token, or of one before, change nothing. A new token that is refused too is kept for a
    /// second, the next one for two, and so on up to a minute: renewing does not seem to help then.
    pub fn refused(&self, token: &Token) -> bool {
        let now = self.inner.backend.now();
        let (renewed, start) = self.inner.state().refused(token, now);
        if start {
            tracing::debug!(
                generation = token.generation(),
                "access token refused: renewed"
            );
            fetching::start(&self.inner);
        }
        renewed
    }

    /// What tokens are fetched for, in errors and logs.
    pub fn describe(&self) -> String {
        self.inner.source.describe()
    }

    fn find(&self, deadline: Instant) -> Result<Result<Token>, Waiting<'_>> {
        let now = self.inner.backend.now();
        let (found, start) = self.inner.state().find(now, deadline);
        let found = match found {
            Found::Token(token) => Ok(Ok(token)),
            Found::Failed(error) => Ok(Err(error)),
            Found::Wait(place) => Err(Waiting {
                inner: &self.inner,
                place: Some(place),
            }),
        };
        if start {
            fetching::start(&self.inner);
        }
        found
    }

    fn too_late(&self) -> Error {
        let message = format!(
            "no access token for {} came before the deadline",
            self.describe()
        );
        let error = Error::new(ErrorKind::Timeout, message);
        match self.inner.state().last_failure() {
            Some(failure) => error.with_source(failure.clone()),
            None => error,
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.hangup.hang_up();
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

/// A place among those who wait, which is given up with it.
struct Waiting<'a> {
    inner: &'a Inner,
    place: Option<usize>,
}

impl Future for Waiting<'_> {
    type Output = Result<Token>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(place) = self.place else {
            return Poll::Pending;
        };
        let told = self.inner.state().look(place, cx.waker());
        match told {
            Some(told) => {
                self.place = None;
                Poll::Ready(told)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.inner.state().leave(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::{BoxFuture, Certificate, Connection, Identity, Target, async_trait};

    /// One whose tasks and sleeps never end, and which connects to nothing.
    #[derive(Debug)]
    struct Stuck;

    #[async_trait]
    impl Backend for Stuck {
        fn load_certificate(&self, _: &Identity) -> Result<Arc<dyn Certificate>> {
            Err(Error::new(ErrorKind::Identity, "none"))
        }

        async fn connect(
            &self,
            _: &Target,
            _: Option<&dyn Certificate>,
        ) -> Result<Box<dyn Connection>> {
            Err(Error::new(ErrorKind::Connect, "none"))
        }

        fn spawn(&self, task: BoxFuture<'static, ()>) {
            std::mem::forget(task);
        }

        fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    #[async_trait]
    impl TokenSource for Stuck {
        async fn fetch(&self, _: Instant) -> Result<AccessToken> {
            std::future::pending().await
        }

        fn describe(&self) -> String {
            "nobody".to_owned()
        }
    }

    #[test]
    fn those_who_left_take_no_room() {
        let bearer = Bearer::new(Arc::new(Stuck), Arc::new(Stuck));
        let deadline = Stuck.now();
        for _ in 0..1000 {
            let mut waiting = Box::pin(bearer.token(deadline));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
            assert_eq!(bearer.inner.state().waiting(), 1);
        }
        assert_eq!(bearer.inner.state().waiting(), 0);
    }
}
