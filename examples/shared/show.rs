//! The show around an example's pipeline: a private server, some messages, and what comes of them.

use std::time::Duration;

use futures_util::StreamExt;
use pathway::Pipeline;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// With `NATS_URL`, runs the pipeline there until it is killed.
///
/// Without, runs it on a private server: publishes these messages (subject and payload), prints what arrives on the subject
/// `out`, and ends when a message there has `last` in it.
pub(crate) fn run_or_show(
    pipeline: impl Fn(&str) -> Pipeline,
    messages: &[(&str, &str)],
    out: &str,
    last: &str,
) -> Outcome {
    if let Ok(uri) = std::env::var("NATS_URL") {
        return Ok(pipeline(&uri).run()?);
    }
    let server = pathway_testkit::Server::start()?;
    println!("a private nats-server runs at {}", server.url());
    let running = pipeline(&server.url()).start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = async_nats::connect(server.url()).await?;
        let mut updates = client.subscribe(out.to_owned()).await?;
        client.flush().await?;
        let publish = async {
            for (subject, payload) in messages {
                println!("{subject:>12} <- {payload}");
                client.publish((*subject).to_owned(), (*payload).to_owned().into()).await?;
                client.flush().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Outcome::Ok(())
        };
        let watch = async {
            while let Some(message) = updates.next().await {
                let update = std::str::from_utf8(&message.payload)?;
                println!("{out:>12} -> {update}");
                if update.contains(last) {
                    return Ok(());
                }
            }
            Outcome::Err(format!("the subscription to `{out}` ended").into())
        };
        let (published, watched) =
            tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(publish, watch) }).await?;
        published.and(watched)
    })?;
    running.stop();
    Ok(running.join()?)
}
