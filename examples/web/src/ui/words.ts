/** `subscription_started` -> `Subscription started` */
export const inWords = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
