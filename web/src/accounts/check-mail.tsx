import { Card, Way } from "./card";

/** Said when a mailed link is the next step. */
export function CheckMail() {
  return (
    <Card title="Look at your mail">
      <p role="status" className="text-muted">
        We have sent you a link. Open it, and you can go on. Nothing there after a few minutes? Look
        among the junk mail, or try again.
      </p>
      <p>
        <Way href="/signin/">Back to sign in</Way>
      </p>
    </Card>
  );
}
