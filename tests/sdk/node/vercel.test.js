// Vercel's AI SDK on every protocol of suppliers.

import { matrix } from './matrix/matrix.js';
import { vercelAnthropic, vercelChat, vercelCompatible, vercelGoogle, vercelResponses } from './matrix/vercel.js';

matrix([vercelChat, vercelResponses, vercelAnthropic, vercelGoogle, vercelCompatible]);
