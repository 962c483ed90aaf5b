//! How hard an endpoint, a host and the network may be pressed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Limits of a look at TLS endpoints.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For a connection to be made.
    pub connect: Duration,
    /// For an answer to come, from the first byte that we send to the last that we need.
    pub answer: Duration,
    /// For one endpoint in all.
    pub endpoint: Duration,
    /// Connections to one endpoint at the same time.
    pub endpoint_in_flight: usize,
    /// Connections to one address at the same time.
    pub address_in_flight: usize,
    /// Connections at the same time in all.
    pub total_in_flight: usize,
    /// New connections to one address; not applied to loopback, where nobody else is burdened.
    pub pace: Pace,
    /// Connections to one endpoint in all.
    pub connections: u32,
}

/// How often something may be done: so many at once, and then so many per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At once, after a pause.
    pub burst: u32,
    /// Per second after that; at least 1.
    pub per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(5),
            endpoint: Duration::from_mins(2),
            // The hellos of a verdict, which go out together.
            endpoint_in_flight: 7,
            address_in_flight: 32,
            // Below the usual limit of 1,024 descriptors.
            total_in_flight: 256,
            // A server answers thousands of hellos a second; these leave it its work.
            pace: Pace { burst: 400, per_second: 100 },
            // The largest list that was met, of a server with everything enabled, takes half of it.
            connections: 400,
        }
    }
}

/// Lets connections through as [`Limits`] say; common to all endpoints of a run.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    total: Arc<Semaphore>,
    addresses: Mutex<HashMap<IpAddr, Arc<AddressGate>>>,
}

#[derive(Debug)]
struct AddressGate {
    in_flight: Arc<Semaphore>,
    bucket: Mutex<Bucket>,
}

/// Leave for one connection; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    _endpoint: OwnedSemaphorePermit,
    _address: OwnedSemaphorePermit,
    _total: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            total: Arc::new(Semaphore::new(limits.total_in_flight.max(1))),
            addresses: Mutex::default(),
        }
    }

    /// Waits until a connection may be made to `address`, for an endpoint with that gate of its own.
    pub(crate) async fn pass(
        &self,
        address: IpAddr,
        endpoint: &Arc<Semaphore>,
    ) -> Result<Pass, AcquireError> {
        let gate = self.address(address);
        let pass = Pass {
            _endpoint: endpoint.clone().acquire_owned().await?,
            _address: gate.in_flight.clone().acquire_owned().await?,
            _total: self.total.clone().acquire_owned().await?,
        };
        if !address.is_loopback() {
            let at =
                gate.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
            tokio::time::sleep_until(at).await;
        }
        Ok(pass)
    }

    fn address(&self, address: IpAddr) -> Arc<AddressGate> {
        let mut all = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(AddressGate {
                in_flight: Arc::new(Semaphore::new(self.limits.address_in_flight.max(1))),
                bucket: Mutex::new(Bucket { pace: self.limits.pace, next: None }),
            })
        };
        all.entry(address).or_insert_with(new).clone()
    }
}

/// A pace that is kept by the moment at which the next may go, were none let go early.
#[derive(Debug)]
struct Bucket {
    pace: Pace,
    next: Option<Instant>,
}

impl Bucket {
    /// When the next one may go.
    fn take(&mut self, now: Instant) -> Instant {
        let step = Duration::from_secs(1) / self.pace.per_second.max(1);
        let early = step * self.pace.burst.saturating_sub(1);
        let next = self.next.map_or(now, |next| next.max(now));
        self.next = Some(next + step);
        next.checked_sub(early).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_pace() {
        let now = Instant::now();
        let mut bucket = Bucket { pace: Pace { burst: 3, per_second: 10 }, next: None };
        let waits: Vec<u128> = (0..5).map(|_| (bucket.take(now) - now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200]);
        let later = now + Duration::from_secs(2);
        let waits: Vec<u128> = (0..4).map(|_| (bucket.take(later) - later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100]);
    }
}
