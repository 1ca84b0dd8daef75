use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use anypush::{Backend, BoxFuture, Certificate, Connection, Error, ErrorKind, Identity, Result};
use anypush::{Target, async_trait};

use crate::pipe::{Peer, Pipe};

/// A backend without a network, for the tokio runtime that it is used on. All its connections lead to
/// such peers.
#[derive(Debug, Default)]
pub(crate) struct InMemory<P>(PhantomData<P>);

#[async_trait]
impl<P: Peer> Backend for InMemory<P> {
    fn load_certificate(&self, _: &Identity) -> Result<Arc<dyn Certificate>> {
        let message = "there is no TLS here to load a certificate into";
        Err(Error::new(ErrorKind::Identity, message))
    }

    async fn connect(
        &self,
        _: &Target,
        _: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        Ok(Box::new(Pipe::<P>::default()))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until(deadline.into()))
    }
}
