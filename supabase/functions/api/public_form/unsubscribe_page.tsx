/** Asks before it unsubscribes: mail scanners follow links, and press no buttons. */
export function UnsubscribePage({ company }: { company: string }) {
  return (
    <>
      <h1>Stop these emails?</h1>
      <p class="lead">{company} will not ask you for referrals again. Other emails of theirs are not affected.</p>
      <form method="post">
        <button type="submit">Unsubscribe</button>
      </form>
    </>
  );
}
