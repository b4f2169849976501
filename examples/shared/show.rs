//! The demonstration around an example's pipeline: a private server, some messages, and the updates they cause.

use std::time::Duration;

use futures_util::StreamExt;
use pathway::Pipeline;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// With `NATS_URL`, runs the pipeline on that server until you stop it.
///
/// Without, runs it on a private server: publishes these messages (subject and payload), prints the messages on the subject
/// `out`, and ends when one of them contains `last`.
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
    println!("started a private nats-server at {}", server.url());
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
    running.join()?;
    Ok(())
}
