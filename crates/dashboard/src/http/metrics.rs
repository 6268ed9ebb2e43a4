//! Figures for a monitoring system.

use super::ask::Ask;
use super::reply::Reply;
use super::trouble::{Kind, Trouble};
use crate::metrics::Metrics;
use crate::site::Site;

/// All figures as Prometheus reads them.
pub fn metrics(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let now = match site.live() {
        Ok(live) => Some((live.now()?, live.desk().orchestrator().is_none())),
        Err(_) => None,
    };
    let failed = |error| Trouble::new(Kind::Internal, format!("failed to write the figures: {error}"));
    let text = || {
        let metrics = Metrics::default();
        metrics.tell_build()?;
        now.as_ref().map_or(Ok(()), |(now, is_up)| metrics.tell_now(now, *is_up))?;
        metrics.tell_runs(&site.book.columns())?;
        metrics.tell_reading(site.book.reading().broken)?;
        metrics.text()
    };
    let text = text().map_err(failed)?;
    Ok(Reply::Text { kind: "text/plain; version=0.0.4; charset=utf-8", file: None, text })
}
